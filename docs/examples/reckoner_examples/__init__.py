"""Functions for Reckoner, to read and to copy: one in each module."""
