"""Commands for authors of functions, which need no service."""
