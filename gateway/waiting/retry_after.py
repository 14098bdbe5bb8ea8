"""The Retry-After of unfinished calculations: how long they are likely to take."""

import math

from sqlalchemy import Connection

from gateway.database.database import Database
from gateway.database.shared_query import SharedQuery
from gateway.waiting.capacity import find_capacity
from shared.calculation import Lane, Status
from shared.store.calculations import Row
from shared.store.system import LaneState, count_lanes

_FRESH_SECONDS = 2.0

#: Every submission needs this query, and only for an estimate.
_MAX_SHARE = 0.01
_MAX_SECONDS = 3_600

#: For a lane in which nothing is computed: how long it takes to notice that this has changed.
_BLOCKED_SECONDS = 15

#: For a calculation of which nothing is known: soon enough if it is short, and no burden if not.
_UNKNOWN_SECONDS = 5.0


class RetryAfter:
    """Estimates how long calculations will take, from the work ahead of them in their lane."""

    def __init__(self, database: Database) -> None:
        self._seconds_ahead = SharedQuery(
            database, _seconds_ahead, _FRESH_SECONDS, max_share=_MAX_SHARE
        )

    def seconds(self, row: Row) -> int:
        """Return after how many whole seconds to check this unfinished calculation again.

        That is what is left of its own estimate and, while it is queued, the work ahead of it
        spread over its lane's slots, or a fixed time if nothing can be computed there. Never
        waits: it uses the work ahead as of a few seconds ago.
        """
        ahead = self._seconds_ahead.latest or {}
        known = row.estimate_seconds
        seconds = _UNKNOWN_SECONDS if known is None else known * (1 - row.progress)
        if row.status == Status.QUEUED:
            seconds_ahead = ahead.get(Lane(row.lane), 0.0)
            if seconds_ahead is None:
                seconds = max(seconds, _BLOCKED_SECONDS)
            else:
                seconds += seconds_ahead
        return max(1, min(math.ceil(seconds), _MAX_SECONDS))


def _seconds_ahead(connection: Connection) -> dict[Lane, float | None]:
    """Return how long the work of each lane will take; None if nothing can be computed there."""
    capacity = find_capacity(connection)
    return {
        lane: _seconds_to_go(state) / capacity.slots[lane] if capacity.can_compute(lane) else None
        for lane, state in count_lanes(connection).items()
    }


def _seconds_to_go(state: LaneState) -> float:
    return state.seconds_to_go + state.without_estimate * _UNKNOWN_SECONDS
