"""How Reckoner is run: on one machine without Docker, and with Docker Compose."""
