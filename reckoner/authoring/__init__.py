"""How a function is written: its arguments, its results, and the checks of both."""
