"""The console, a page for people: its own sources; the packages that it needs are installed."""
