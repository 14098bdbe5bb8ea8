"""Trying again while PostgreSQL is unavailable, as during a restart, a failover or a deadlock.

The pauses are decided here, and when to give up by each caller.
"""

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
    """Return what `action` returns; repeat it while PostgreSQL is unavailable.

    `what` completes the log line "cannot …". Raises StoreUnavailable once `give_up` returns true,
    and at once any error that is not an outage, since that is a bug.
    """
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            with outages_raised():
                return action()
        except StoreUnavailable as error:
            if give_up():
                raise
            logger.warning("Cannot %s, trying again: %s", what, error)
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
