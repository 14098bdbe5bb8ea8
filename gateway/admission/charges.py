"""What submissions are charged of the work that may be queued."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.calculation import Calculation, Lane
from shared.store.totals.queued_work import NOTHING, Group, Sums, class_of


@dataclass(frozen=True, slots=True, eq=False)
class Charge:
    """What one submission adds to the queued work of a key (None: without keys)."""

    key_name: str | None
    groups: Mapping[Group, Sums]
    total: Sums

    @property
    def is_heavy(self) -> bool:
        """Whether some of it is in the heavy lane."""
        return any(group.lane is Lane.HEAVY for group in self.groups)


def together(key_name: str | None, charges: Iterable[Charge]) -> Charge:
    """Return the sum of charges of one key."""
    groups: dict[Group, Sums] = {}
    total = NOTHING
    for charge in charges:
        total = total.plus(charge.total)
        for group, sums in charge.groups.items():
            groups[group] = groups.get(group, NOTHING).plus(sums)
    return Charge(key_name, groups, total)


def charge_of(key_name: str | None, calculations: Iterable[Calculation]) -> Charge:
    """Return the charge of calculations, each of which is there once."""
    # Plain numbers: ten thousand calculations come together.
    counts: dict[tuple[Lane, int], list[float]] = {}
    for calculation in calculations:
        seconds = calculation.queue_seconds
        lane = calculation.lane
        group = (lane, class_of(seconds) if lane is Lane.HEAVY else 0)
        sums = counts.get(group)
        if sums is None:
            counts[group] = [1, seconds, calculation.queue_bytes]
            continue
        sums[0] += 1
        sums[1] += seconds
        sums[2] += calculation.queue_bytes
    groups = {Group._make(group): Sums._make(sums) for group, sums in counts.items()}
    if len(groups) == 1:
        return Charge(key_name, groups, next(iter(groups.values())))
    total = Sums._make(map(sum, zip(*groups.values(), strict=True))) if groups else NOTHING
    return Charge(key_name, groups, total)
