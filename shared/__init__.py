"""What the gateway and the workers have in common: the domain, its settings and its store."""
