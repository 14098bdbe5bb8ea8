"""Places in the heavy lane: how much later than now a calculation counts as submitted.

Each key's calculations are spread over the future as if it had a share of the slots, small ones
first (docs/decisions.md). So new work of other keys, and small work of the same key, goes ahead of
a flood; and nothing waits forever, since a place never changes and new ones are never earlier than
the calculation that is published next.
"""

import contextlib
import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from gateway.admission.queued_work import QueuedWork
from gateway.database.database import Database
from gateway.database.shared_query import SharedQuery
from shared.calculation import Calculation, Lane
from shared.errors import StoreUnavailable
from shared.store.calculations import NO_DELAYS
from shared.store.outbox.heavy_outbox import measure_lag_seconds
from shared.store.presence import SILENT_SECONDS, count_slots
from shared.store.totals.queued_work import Group, Sums, group_of

_FRESH_SECONDS = 1.0
_MAX_SHARE = 0.05

#: Sums are renewed whenever they are used. After this time without use they are old.
_OLD_SECONDS = 60.0

#: What the shortest calculation counts for: without a cost, any number would have the same place.
_LEAST_SECONDS = 0.001

#: The longest delay, about a century: PostgreSQL stores no time beyond the year 294276.
_MOST_SECONDS = 3e9


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a key has in the heavy lane, by class of seconds, and how fast it is computed.

    Each charged second takes `pace` seconds of the key's share of the slots. Publication lags
    `lag_seconds` behind: what is published next was expected that long ago.
    """

    groups: Mapping[Group, Sums]
    pace: float
    lag_seconds: float = 0.0

    def delays(self, calculations: Collection[Calculation]) -> Mapping[UUID, float]:
        """Return the delays in seconds of the heavy ones, each after those of smaller classes.

        They may be negative, where publication lags behind.
        """
        charged = [
            (max(_LEAST_SECONDS, one.queue_seconds), one.id)
            for one in calculations
            if one.lane is Lane.HEAVY
        ]
        if not charged:
            return NO_DELAYS
        classes = [group_of(Lane.HEAVY, seconds).seconds_class for seconds, _ in charged]
        delays = {}
        ahead = 0.0
        before = self._seconds_up_to_class()
        # The order of the calculations is kept within a class.
        for index in sorted(range(len(charged)), key=classes.__getitem__):
            seconds, identity = charged[index]
            ahead += seconds
            delay = min(_MOST_SECONDS, (before(classes[index]) + ahead) * self.pace)
            delays[identity] = delay - self.lag_seconds
        return delays

    def _seconds_up_to_class(self) -> Callable[[int], float]:
        """Return what gives the seconds that are queued in a class and all below it."""
        known: dict[int, float] = {}

        def seconds(highest: int) -> float:
            if highest not in known:
                known[highest] = sum(
                    max(0.0, sums.seconds)
                    for group, sums in self.groups.items()
                    if group.lane is Lane.HEAVY and group.seconds_class <= highest
                )
            return known[highest]

        return seconds


class Delays:
    """Finds the backlog of a key, as of a second ago and with what was added here since."""

    def __init__(self, database: Database, queued_work: QueuedWork) -> None:
        self._queued_work = queued_work
        self._lane = SharedQuery(database, _find_lane, _FRESH_SECONDS, max_share=_MAX_SHARE)
        self._used_at = -math.inf

    async def renew(self) -> None:
        """Wait for how far publication lags, and for a sum if the last may be old.

        The lag is found in a moment, and each second of it matters.
        """
        now = time.monotonic()
        # Then nothing can be stored; or it is a bug, which is logged, and a place is only a guess.
        with contextlib.suppress(StoreUnavailable, DBAPIError):
            await self._lane.get()
            if now - self._used_at > _OLD_SECONDS:
                await self._queued_work.refresh()
        self._used_at = now

    def backlog(self, key_name: str | None) -> Backlog:
        """Return what there is of a key now. `renew` comes first; this never waits."""
        slots, lag_seconds = self._lane.latest or (1, 0.0)
        work = self._queued_work
        pace = (work.active_keys(Lane.HEAVY) + 1) / slots
        return Backlog(dict(work.of(key_name)), pace, lag_seconds)


def _find_lane(connection: Connection) -> tuple[int, float]:
    """Return how many slots the heavy lane has, one at least, and how far publication lags."""
    slots = count_slots(connection, SILENT_SECONDS).get(Lane.HEAVY, 0)
    return max(1, slots), measure_lag_seconds(connection)
