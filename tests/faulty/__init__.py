"""Functions as authors get them wrong, each in another way."""
