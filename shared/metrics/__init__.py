"""What processes count, for GET /metrics."""
