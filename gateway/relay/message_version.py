"""Which version of messages the workers of a lane take: an upgrade replaces them one after another.

A worker refuses a version that is newer than itself, and what was refused would wait until it is
found lost. So each says in its row what it takes; workers of earlier versions are recognised by
what they do not say (shared/store/presence.py). Rows of workers that have died count until they are
removed, after a minute.
"""

import time

from sqlalchemy import Connection

from shared.calculation import Lane
from shared.messages import VERSION
from shared.store.presence import find_oldest_message_version

#: How old the answer may be. A worker has its row before it consumes.
_KEPT_SECONDS = 5.0


class MessageVersion:
    """The version to publish in one lane, asked for at most once in some seconds."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._version = VERSION
        self._kept_until = float("-inf")

    def current(self, connection: Connection) -> int:
        """Return the version that all workers of the lane take."""
        now = time.monotonic()
        if now >= self._kept_until:
            oldest = find_oldest_message_version(connection, self._lane)
            self._version = VERSION if oldest is None else min(oldest, VERSION)
            self._kept_until = now + _KEPT_SECONDS
        return self._version
