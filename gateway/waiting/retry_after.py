"""How long a calculation is likely to take still, for an honest Retry-After."""

import math

from sqlalchemy import Connection

from gateway.database.database import Database
from gateway.database.shared_query import SharedLook
from gateway.waiting.capacity import find_neighbours
from shared.calculation import Lane, Status
from shared.store.calculations import Row
from shared.store.system import count_lanes

_FRESH_SECONDS = 2.0

#: Every submission asks for this look, and it is only for a guess.
_MOST_SHARE = 0.01
_LONGEST_SECONDS = 3_600

#: Where nothing moves, nobody can tell how long it takes: until then somebody may have started what
#: is missing, and it makes itself known.
_BLOCKED_SECONDS = 15


class Backlog:
    """Knows how much work waits in each lane, as of a few seconds ago."""

    def __init__(self, database: Database) -> None:
        self._seconds_ahead = SharedLook(
            database, _seconds_ahead, _FRESH_SECONDS, most_share=_MOST_SHARE
        )

    def retry_after(self, row: Row) -> int:
        """Return the whole seconds after which to look at this unfinished calculation again.

        What is left of its own estimate; while it is queued, also the work ahead of it, spread
        over its lane's slots, or a fixed time if nothing can come to it. Never waits: a look that
        is due happens meanwhile.
        """
        ahead = self._seconds_ahead.latest or {}
        seconds = row.estimate_seconds * (1 - row.progress)
        if row.status == Status.QUEUED:
            seconds_ahead = ahead.get(Lane(row.lane), 0.0)
            if seconds_ahead is None:
                seconds = max(seconds, _BLOCKED_SECONDS)
            else:
                seconds += seconds_ahead
        return max(1, min(math.ceil(seconds), _LONGEST_SECONDS))


def _seconds_ahead(connection: Connection) -> dict[Lane, float | None]:
    """Return for each lane how long its work will take; None if nothing can come to it."""
    neighbours = find_neighbours(connection)
    states = count_lanes(connection)
    return {
        lane: states[lane].seconds_to_go / neighbours.slots[lane]
        if neighbours.is_passable(lane)
        else None
        for lane in Lane
    }
