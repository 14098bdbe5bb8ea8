"""The Python client against a whole Reckoner."""
