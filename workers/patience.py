"""Trying again while PostgreSQL is away: it restarts, fails over, or picks a deadlock's victim."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

logger = logging.getLogger(__name__)

#: What PostgreSQL's being away looks like. Anything else is a bug and is not tried again.
UNAVAILABLE = (OperationalError, InterfaceError, PoolTimeout)

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 1.0

_Value = TypeVar("_Value")


def persist(action: Callable[[], _Value], what: str, give_up: Callable[[], bool]) -> _Value:
    """Return what `action` returns, trying again while PostgreSQL is unavailable.

    Raises the last error once `give_up` says so.
    """
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return action()
        except UNAVAILABLE as error:
            if give_up():
                raise
            logger.warning("cannot %s, trying again: %s", what, brief(error))
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def brief(error: BaseException) -> str:
    """Return the first line of an error's message; SQLAlchemy adds statement and parameters."""
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
