"""The heavy lane: claimed, computed in child processes, kept by a lease."""
