"""Which version of messages the workers of a lane take: an upgrade replaces them one after another.

Workers of earlier versions take version 2 alone, and refuse all others, which would then wait until
they are found lost. They do not say in their row what they offer, and so are recognised.
"""

import time

from sqlalchemy import Connection

from shared.calculation import Lane
from shared.messages import VERSION, VERSION_OF_OBJECTS
from shared.store.presence import has_earlier_workers

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
            is_mixed = has_earlier_workers(connection, self._lane)
            self._version = VERSION_OF_OBJECTS if is_mixed else VERSION
            self._kept_until = now + _KEPT_SECONDS
        return self._version
