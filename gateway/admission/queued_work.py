"""The work that is queued: a sum that PostgreSQL forms now and then, and what was added since.

PostgreSQL never counts for one request. What this process stores is added here at once; what other
gateway processes store is seen with the next sum.
"""

import time
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType

from sqlalchemy import Connection

from gateway.admission.charges import Charge, together
from gateway.database.database import Database
from gateway.database.shared_query import SharedQuery
from shared.calculation import Lane
from shared.store.totals.queued_work import NOTHING, Group, Sums, sum_queued_work

#: How old the sum may be; more where its query would then run for more than this share of the time,
#: or than the larger share where something would be refused.
FRESH_SECONDS = 1.0
MAX_SHARE = 0.05
URGENT_SHARE = 0.25

#: A submission whose outcome is unknown may still be stored until its statement has timed out.
_UNKNOWN_SECONDS = 10.0

#: How many additions are kept apart. While PostgreSQL is away, each submission makes one.
_MOST_ADDED = 4_000

_KeyName = str | None
_NO_GROUPS: Mapping[Group, Sums] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The sum of what was stored at `moment`, by the clock of this process, and later perhaps."""

    moment: float
    groups: Mapping[_KeyName, Mapping[Group, Sums]]


class QueuedWork:
    """What unfinished calculations are charged, by key and group.

    An addition counts from before it is stored until a sum that began after it was stored. In
    between it may count twice; it is never missing.
    """

    def __init__(self, database: Database) -> None:
        self._query = SharedQuery(database, self._sum, FRESH_SECONDS, max_share=MAX_SHARE)
        self._sum_began = 0.0
        self._snapshot: Snapshot | None = None
        self._adding: set[Charge] = set()
        # Stored; each with the moment after which a sum contains it.
        self._added: deque[tuple[float, Charge]] = deque()
        self._merge_beyond = _MOST_ADDED
        self._groups: dict[_KeyName, dict[Group, Sums]] = {}
        self._totals: dict[_KeyName, Sums] = {}
        self._total = NOTHING
        self._active: dict[Lane, set[_KeyName]] = {lane: set() for lane in Lane}

    @property
    def is_known(self) -> bool:
        """Whether there has been a sum yet. Starts one if it is due; never waits."""
        self._take(self._query.latest)
        return self._snapshot is not None

    @property
    def total(self) -> Sums:
        """The sum of all keys."""
        self._take(self._query.latest)
        return self._total

    def total_of(self, key_name: _KeyName) -> Sums:
        """Return the sum of one key."""
        self._take(self._query.latest)
        return self._totals.get(key_name, NOTHING)

    def of(self, key_name: _KeyName) -> Mapping[Group, Sums]:
        """Return the sums of one key by lane and class of seconds."""
        self._take(self._query.latest)
        return self._groups.get(key_name, _NO_GROUPS)

    def active_keys(self, lane: Lane) -> int:
        """Return how many keys have unfinished calculations in a lane."""
        self._take(self._query.latest)
        return len(self._active[lane])

    @property
    def groups(self) -> Mapping[Group, Sums]:
        """The sums of all keys by lane and class of seconds."""
        self._take(self._query.latest)
        sums: dict[Group, Sums] = {}
        for groups in self._groups.values():
            for group, one in groups.items():
                sums[group] = sums.get(group, NOTHING).plus(one)
        return sums

    @property
    def totals(self) -> Mapping[_KeyName, Sums]:
        """The sums of all keys that have unfinished calculations."""
        self._take(self._query.latest)
        return self._totals

    async def refresh(self, *, max_share: float | None = None) -> None:
        """Have a sum that is no older than FRESH_SECONDS, or than a share of the time demands.

        Unless `max_share` is given, that is URGENT_SHARE.

        Raises what the query raised, such as StoreUnavailable.
        """
        self._take(await self._query.get(max_share=max_share or URGENT_SHARE))

    def adding(self, charge: Charge) -> "Addition":
        """Return what counts a charge while it is being stored, once it is entered."""
        return Addition(self, charge)

    def begin(self, charge: Charge) -> None:
        """Count a charge that is going to be stored."""
        if not charge.groups:  # nothing is new, or there is no limit: no sum is needed
            return
        self._take(self._query.latest)
        self._adding.add(charge)
        self._count(charge)

    def end(self, charge: Charge, stored: Charge | None) -> None:
        """Count what has been stored of a charge, until a sum contains it."""
        self._adding.discard(charge)
        if stored is not charge:
            self._discount(charge)
            if stored is not None:
                self._count(stored)
        if stored is not None and stored.groups:
            self._add(time.monotonic(), stored)

    def lose_sight(self, charge: Charge) -> None:
        """Count a charge whose outcome is unknown until a sum must contain it, if it was stored."""
        self._adding.discard(charge)
        if charge.groups:
            self._add(time.monotonic() + _UNKNOWN_SECONDS, charge)

    def _add(self, moment: float, charge: Charge) -> None:
        self._added.append((moment, charge))
        if len(self._added) > self._merge_beyond:
            self._merge_added()
            self._merge_beyond = _MOST_ADDED + 2 * len(self._added)

    def _merge_added(self) -> None:
        """Keep one addition of each key of those that the same sums will contain.

        These are those before the sum that is being formed, and the others before now.
        """
        bounds = (self._sum_began, time.monotonic())
        merged: dict[tuple[int, _KeyName], list[tuple[float, Charge]]] = {}
        later: list[tuple[float, Charge]] = []
        for one in self._added:
            part = bisect_left(bounds, one[0])
            if part < len(bounds):
                merged.setdefault((part, one[1].key_name), []).append(one)
            else:
                later.append(one)
        self._added = deque(
            (max(moment for moment, _ in added), together(name, (one for _, one in added)))
            for (_, name), added in merged.items()
        )
        self._added.extend(later)

    def _sum(self, connection: Connection) -> Snapshot:
        self._sum_began = moment = time.monotonic()
        return Snapshot(moment, sum_queued_work(connection))

    def _take(self, snapshot: Snapshot | None) -> None:
        """Use a newer sum, with what it does not contain."""
        if snapshot is None or snapshot is self._snapshot:
            return
        self._snapshot = snapshot
        self._added = deque(one for one in self._added if one[0] > snapshot.moment)
        self._groups = {name: dict(groups) for name, groups in snapshot.groups.items()}
        self._totals = {name: _total(groups.values()) for name, groups in snapshot.groups.items()}
        self._total = _total(self._totals.values())
        self._active = {lane: set() for lane in Lane}
        for name, groups in snapshot.groups.items():
            for group in groups:
                self._active[group.lane].add(name)
        for charge in self._adding:
            self._count(charge)
        for _, charge in self._added:
            self._count(charge)

    def _count(self, charge: Charge) -> None:
        if not charge.groups:
            return
        name = charge.key_name
        groups = self._groups.setdefault(name, {})
        for group, sums in charge.groups.items():
            groups[group] = groups.get(group, NOTHING).plus(sums)
            self._active[group.lane].add(name)
        self._totals[name] = self._totals.get(name, NOTHING).plus(charge.total)
        self._total = self._total.plus(charge.total)

    def _discount(self, charge: Charge) -> None:
        if not charge.groups:
            return
        name = charge.key_name
        groups = self._groups[name]
        for group, sums in charge.groups.items():
            groups[group] = groups[group].minus(sums)
        self._totals[name] = self._totals[name].minus(charge.total)
        self._total = self._total.minus(charge.total)


class Addition:
    """Counts a charge while it is being stored, and then as much of it as has been stored.

    That is all of it, unless the block sets `stored` to less. After an exception it is unknown.
    """

    __slots__ = ("_charge", "_work", "stored")

    def __init__(self, work: QueuedWork, charge: Charge) -> None:
        self._work = work
        self._charge = charge
        self.stored: Charge | None = charge

    def __enter__(self) -> "Addition":
        self._work.begin(self._charge)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self._work.end(self._charge, self.stored)
        else:
            self._work.lose_sight(self._charge)


def _total(sums: Iterable[Sums]) -> Sums:
    total = NOTHING
    for one in sums:
        total = total.plus(one)
    return total
