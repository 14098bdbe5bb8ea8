"""What the processes of `make up` log: where it is kept, and how much of it is shown."""
