"""Waiting for a calculation at a terminal: the time limit, Ctrl-C, and how it ended."""
