"""What the service answers, as frozen dataclasses."""
