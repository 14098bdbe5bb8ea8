"""Functions of the tests, most of which misbehave; each takes `n` and its progress."""
