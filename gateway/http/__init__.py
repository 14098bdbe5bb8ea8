"""The rules of HTTP: bodies, ranges, preferences, documents, problems, limits."""
