"""What runs in child processes: a `child` answers one request, the `template` forks children."""
