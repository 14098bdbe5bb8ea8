"""How commands reach the service, and what they say when it refuses."""
