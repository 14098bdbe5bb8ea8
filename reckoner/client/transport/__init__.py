"""Requests on their way: what is sent, what is repeated, and how an answer is read."""
