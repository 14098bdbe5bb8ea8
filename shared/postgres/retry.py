"""Trying again while PostgreSQL is away: it restarts, fails over, or picks a deadlock's victim."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from shared.errors import StoreUnavailable
from shared.postgres.outages import outages_raised

logger = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 1.0

_Value = TypeVar("_Value")


def retry_while_unavailable(
    action: Callable[[], _Value], what: str, give_up: Callable[[], bool]
) -> _Value:
    """Return what `action` returns, trying again while PostgreSQL is unavailable.

    Raises StoreUnavailable once `give_up` says so. What is no outage is a bug, and raised at once.
    """
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            with outages_raised():
                return action()
        except StoreUnavailable as error:
            if give_up():
                raise
            logger.warning("cannot %s, trying again: %s", what, error)
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
