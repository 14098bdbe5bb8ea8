"""What `make up` writes on a terminal besides the logs."""
