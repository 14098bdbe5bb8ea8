"""Docker Compose, for real; needs Docker and the images. `make test-compose` runs it."""
