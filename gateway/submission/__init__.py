"""Submitting: check the request, store it or answer at once, wake the relay."""
