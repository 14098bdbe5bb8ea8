"""How long it takes until queued work is computed, for the Retry-After of a refusal."""

import math
from collections.abc import Iterable, Mapping

from gateway.admission.limits import UNITS
from gateway.waiting.retry_after import BLOCKED_SECONDS, whole_seconds
from shared.calculation import Lane
from shared.store.totals.queued_work import NOTHING, Group, Sums


def sums_by_lane(groups: Mapping[Group, Sums]) -> dict[Lane, Sums]:
    """Return the sums of each lane."""
    sums = dict.fromkeys(Lane, NOTHING)
    for group, found in groups.items():
        sums[group.lane] = sums[group.lane].plus(found)
    return sums


def retry_after_seconds(
    unit: str, to_free: float, lanes: Mapping[Lane, Sums], slots: Mapping[Lane, float]
) -> int:
    """Return after how many whole seconds so much of a unit will have been computed.

    Each lane works through its sums with its slots, evenly: half of its calculations, and of the
    bytes of their results, are done after half of the time.
    """
    index = UNITS.index(unit)
    work = [
        (sums[index], sums.seconds / slots[lane]) for lane, sums in lanes.items() if slots.get(lane)
    ]
    seconds = _seconds_until(to_free, work)
    return whole_seconds(BLOCKED_SECONDS if seconds == math.inf else seconds)


def _seconds_until(amount: float, work: Iterable[tuple[float, float]]) -> float:
    """Return when this amount is done, of amounts that each take so many seconds, side by side."""
    now = 0.0
    left = sorted(work, key=lambda one: one[1])
    while left:
        first = left[0][1]
        rate = sum(size / seconds for size, seconds in left if seconds)
        if first == 0:
            amount -= left[0][0]
        elif rate * (first - now) >= amount:
            return now + max(0.0, amount / rate)
        else:
            amount -= rate * (first - now)
            now = first
        if amount <= 0:
            return now
        del left[0]
    return math.inf
