"""What a migration tells whoever runs it."""

import sys
import time
from collections.abc import Callable


def _silent(_: str) -> None:
    pass


class Report:
    """Passes lines on, and knows when a step was last done."""

    def __init__(self, write: Callable[[str], None] = _silent) -> None:
        self.say = write
        #: On the monotonic clock; before the first step, when all began.
        self.progress_at = time.monotonic()

    def stepped(self, before: str, after: str) -> None:
        """Tell of a migration that was carried out."""
        self.progress_at = time.monotonic()
        self.say(f"The schema went from {before} to {after}.")


def to_standard_error(line: str) -> None:
    """Print a line at once."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201
