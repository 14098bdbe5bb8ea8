"""Waiting for calculations to change, and how long that is likely to take."""
