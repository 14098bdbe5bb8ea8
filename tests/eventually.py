"""Waiting in tests: for a condition, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T], *, within_seconds: float = 30.0, what: str = "") -> T:
    """Return the first true value that `look` gives; fail if there is none in time.

    An AssertionError in `look` counts as "not yet", and is shown if it stays.
    """
    deadline = time.monotonic() + within_seconds
    pause = 0.005
    while True:
        last: object = None
        try:
            value = look()
        except AssertionError as error:
            last = error
        else:
            if value:
                return value
            last = value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_seconds:g} s: {what or look} ({last!r})")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)
