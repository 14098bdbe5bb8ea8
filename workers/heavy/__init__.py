"""The heavy lane: a claim with a lease, and a child process, for each calculation."""
