"""Results as values of Python."""
