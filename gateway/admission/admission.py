"""The decision whether a submission may be queued."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from gateway.access.caller import Caller
from gateway.admission.charges import Charge, charge_of
from gateway.admission.clearing import retry_after_seconds, sums_by_lane
from gateway.admission.delays import Delays
from gateway.admission.limits import Excess, Limits, limits_of_all, limits_of_key
from gateway.admission.queued_work import Addition, QueuedWork
from gateway.database.database import Database
from gateway.database.shared_query import SharedQuery
from gateway.waiting.capacity import find_capacity
from shared.calculation import Calculation, Lane
from shared.config import Settings
from shared.errors import KeyLimitReached, QueueFull, QueueLimitExceeded
from shared.store.totals.queued_work import Sums

_CAPACITY_FRESH_SECONDS = 2.0
_CAPACITY_MAX_SHARE = 0.05


class Admission:
    """Compares what submissions are charged with the work that is queued, and with the limits.

    Without limits everything is admitted, and only the heavy lane is counted: its order depends on
    what is queued.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._settings = settings
        self._limits = limits_of_all(settings)
        self._capacity = SharedQuery(
            database, find_capacity, _CAPACITY_FRESH_SECONDS, max_share=_CAPACITY_MAX_SHARE
        )
        self.queued_work = QueuedWork(database)
        self.delays = Delays(database, self.queued_work)

    async def admit(
        self,
        caller: Caller,
        charge: Charge,
        find_new: Callable[[], Awaitable[Charge]],
    ) -> Addition:
        """Return what counts a charge while its calculations are stored; enter it without waiting.

        Only if they do not fit beside what is queued, `find_new` finds the charge of those that
        need new work; the others cost nothing. Raises QueueFull, KeyLimitReached,
        QueueLimitExceeded, and StoreUnavailable.
        """
        key_limits = self._limits_of(caller)
        is_limited = self._is_limited(key_limits)
        if is_limited and not (self.queued_work.is_known and self._fits(key_limits, charge)):
            # Never refuse by an old sum: much may have been computed since.
            await self.queued_work.refresh()
            if not self._fits(key_limits, charge):
                charge = await find_new()
                if not self._fits(key_limits, charge):
                    raise await self._refusal(key_limits, charge)
        return self.queued_work.adding(charge)

    def counts(self, caller: Caller, calculation: Calculation) -> bool:
        """Say whether it is charged: without limits only the heavy lane is."""
        return calculation.lane is Lane.HEAVY or self._is_limited(self._limits_of(caller))

    def charge(self, caller: Caller, calculations: Collection[Calculation]) -> Charge:
        """Return what calculations, each there once, are counted as."""
        if not self._is_limited(self._limits_of(caller)):
            calculations = [one for one in calculations if one.lane is Lane.HEAVY]
        return charge_of(caller.name, calculations)

    def _limits_of(self, caller: Caller) -> Limits | None:
        return None if caller.name is None else limits_of_key(caller.limits, self._settings)

    def _is_limited(self, key_limits: Limits | None) -> bool:
        return not (self._limits.are_none and (key_limits is None or key_limits.are_none))

    def _fits(self, key_limits: Limits | None, charge: Charge) -> bool:
        work, needed = self.queued_work, charge.total
        if self._limits.leave_room(work.total, needed) and (
            key_limits is None or key_limits.leave_room(work.total_of(charge.key_name), needed)
        ):
            return True
        return not self._excesses(key_limits, charge)

    def _excesses(self, key_limits: Limits | None, charge: Charge) -> list[tuple[Excess, bool]]:
        """Return the limits that would be exceeded, each with whether it is the key's own."""
        work, needed = self.queued_work, charge.total
        found = [(excess, False) for excess in self._limits.excesses(work.total, needed)]
        if key_limits is None:
            return found
        used = work.total_of(charge.key_name)
        return [*((excess, True) for excess in key_limits.excesses(used, needed)), *found]

    async def _refusal(self, key_limits: Limits | None, charge: Charge) -> Exception:
        excesses = self._excesses(key_limits, charge)
        # One that no waiting helps with goes first, then the key's own.
        excess, is_of_key = max(excesses, key=lambda one: one[0].is_final)
        name = charge.key_name if is_of_key else None
        numbers = (excess.unit, excess.limit, excess.used, excess.needed)
        if excess.is_final:
            return QueueLimitExceeded(*numbers, charge.total.calculations, name)
        capacity = await self._capacity.get()
        slots = {lane: capacity.slots.get(lane, 0) for lane in Lane if capacity.can_compute(lane)}
        work = self.queued_work
        if name is None:
            lanes = sums_by_lane(work.groups)
            return QueueFull(
                *numbers, retry_after_seconds(excess.unit, excess.to_free, lanes, slots)
            )
        # As if each key had its share of the slots.
        shares = {lane: count / max(1, work.active_keys(lane)) for lane, count in slots.items()}
        lanes = sums_by_lane(work.of(name))
        seconds = retry_after_seconds(excess.unit, excess.to_free, lanes, shares)
        return KeyLimitReached(*numbers, seconds, name)

    async def state(self) -> dict[str, Any]:
        """Return limits and sums for `/system`."""
        work = self.queued_work
        await work.refresh()
        by_key = sorted(
            (name or "", sums) for name, sums in work.totals.items() if sums.calculations
        )
        return {
            "limits": {
                "queued_seconds": self._settings.max_queued_seconds or None,
                "queued_bytes": self._settings.max_queued_bytes or None,
            },
            "key_limits": {
                "queued_seconds": self._settings.key_max_queued_seconds or None,
                "queued_bytes": self._settings.key_max_queued_bytes or None,
            },
            "queued": _members(work.total),
            "keys": {name: _members(sums) for name, sums in by_key if name},
        }


def _members(sums: Sums) -> Mapping[str, Any]:
    return {
        "calculations": sums.calculations,
        "seconds": round(sums.seconds, 3),
        "bytes": int(sums.bytes),
    }
