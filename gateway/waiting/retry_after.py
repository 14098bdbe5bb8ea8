"""The Retry-After of unfinished calculations: how long they are likely to take."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from gateway.database.database import Database
from gateway.database.shared_query import SharedQuery
from gateway.waiting.capacity import find_capacity
from shared.calculation import Lane, Status
from shared.store.calculations import Row
from shared.store.totals.queued_work import group_of
from shared.store.totals.system import Ahead, sum_ahead

_FRESH_SECONDS = 2.0

#: Every submission needs this query, and only for an estimate.
_MAX_SHARE = 0.01
_MAX_SECONDS = 3_600

#: Where nothing is computed: how long it takes to notice that this has changed.
BLOCKED_SECONDS = 15

#: For a calculation of which nothing is known: soon enough if it is short, and no burden if not.
_UNKNOWN_SECONDS = 5.0


class RetryAfter:
    """Estimates how long calculations will take, from the work ahead of them in their lane."""

    def __init__(self, database: Database) -> None:
        self._work = SharedQuery(database, _find_work, _FRESH_SECONDS, max_share=_MAX_SHARE)

    def seconds(self, row: Row) -> int:
        """Return after how many whole seconds to check this unfinished calculation again.

        That is what is left of its own estimate and, while it is queued, the work ahead of it
        spread over its lane's slots, or a fixed time if nothing can be computed there. Never
        waits: it uses the work ahead as of a few seconds ago.
        """
        work = self._work.latest or {}
        known = row.estimate_seconds
        seconds = _UNKNOWN_SECONDS if known is None else known * (1 - row.progress)
        if row.status == Status.QUEUED:
            lane = Lane(row.lane)
            ahead = work.get(lane, _NOTHING)
            if ahead is None:
                seconds = max(seconds, BLOCKED_SECONDS)
            else:
                key_name = row.submitted_by if lane is Lane.HEAVY else None
                seconds += ahead.seconds_before(key_name, group_of(lane, seconds).seconds_class)
        return whole_seconds(seconds)


def whole_seconds(seconds: float) -> int:
    """Return a number of seconds as the header may have it."""
    return max(1, min(math.ceil(seconds), _MAX_SECONDS))


@dataclass(frozen=True, slots=True)
class _LaneWork:
    """The work of a lane in which calculations are computed."""

    sums: Sequence[Ahead]
    slots: int
    _known: dict[tuple[str | None, int], float] = field(default_factory=dict)

    def seconds_before(self, key_name: str | None, seconds_class: int) -> float:
        """Return how long a calculation of this key and class of seconds waits at most.

        All that runs and is published is ahead of it. So is what waits in its class and below it:
        of all keys, but of other keys no more than their share.
        """
        seconds = self._known.get((key_name, seconds_class))
        if seconds is None:
            seconds = self._seconds_before(key_name, seconds_class)
            self._known[key_name, seconds_class] = seconds
        return seconds

    def _seconds_before(self, key_name: str | None, seconds_class: int) -> float:
        window = sum(one.in_window for one in self.sums)
        waiting = [
            (one.key_name, one.seconds - one.in_window)
            for one in self.sums
            if one.seconds_class <= seconds_class
        ]
        of_key = sum(seconds for name, seconds in waiting if name == key_name)
        keys = len({one.key_name for one in self.sums} | {key_name})
        return (window + min(sum(seconds for _, seconds in waiting), of_key * keys)) / self.slots


_NOTHING = _LaneWork((), 1)


def _find_work(connection: Connection) -> Mapping[Lane, _LaneWork | None]:
    """Return the work of each lane; None if nothing can be computed there."""
    capacity = find_capacity(connection)
    sums = sum_ahead(connection, _UNKNOWN_SECONDS)
    return {
        lane: _LaneWork([one for one in sums if one.lane is lane], capacity.slots[lane])
        if capacity.can_compute(lane)
        else None
        for lane in Lane
    }
