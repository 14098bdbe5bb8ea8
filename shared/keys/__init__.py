"""API keys: their form, their scopes and their limits."""
