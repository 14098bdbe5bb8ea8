"""A function's results: their `kinds`, JSON among them, and the `checks` that authors give."""
