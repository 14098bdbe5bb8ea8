"""What submissions are charged of the work that may be queued."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shared.calculation import Calculation
from shared.store.queued_work import NOTHING, Group, Sums, group_of


@dataclass(frozen=True, slots=True, eq=False)
class Charge:
    """What one submission adds to the queued work of a key (None: without keys)."""

    key_name: str | None
    groups: Mapping[Group, Sums]
    total: Sums = field(init=False)

    def __post_init__(self) -> None:
        total = NOTHING
        for sums in self.groups.values():
            total = total.plus(sums)
        object.__setattr__(self, "total", total)


def charge_of(key_name: str | None, calculations: Iterable[Calculation]) -> Charge:
    """Return the charge of calculations, each of which is there once."""
    groups: dict[Group, Sums] = {}
    for calculation in calculations:
        seconds = calculation.queue_seconds
        group = group_of(calculation.lane, seconds)
        one = Sums(1, seconds, calculation.queue_bytes)
        there = groups.get(group)
        groups[group] = one if there is None else there.plus(one)
    return Charge(key_name, groups)
