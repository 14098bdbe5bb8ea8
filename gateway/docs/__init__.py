"""The page that shows the description of the API: its own sources; the viewer is installed."""
