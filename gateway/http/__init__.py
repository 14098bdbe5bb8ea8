"""HTTP's own rules: bodies, ranges, preferences, problem documents, limits."""
