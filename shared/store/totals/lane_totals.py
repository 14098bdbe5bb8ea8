"""What all processes have counted in a lane since the beginning, and between two times."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shared.calculation import Lane
from shared.metrics.catalogue import ACCEPTED, COMPUTE_SECONDS, FINISHED, WAITING_SECONDS
from shared.metrics.counters import UNLIMITED, bound_text, labels_of
from shared.metrics.metric import Metric

_Counters = Mapping[str, Mapping[str, Decimal]]


@dataclass(frozen=True, slots=True)
class LaneTotals:
    """How many were accepted and how they ended; and how many waited and computed for how long.

    The last two are in the buckets of the histograms, the last of which has no bound.
    """

    accepted: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    waiting: tuple[int, ...] = (0,) * (len(WAITING_SECONDS.buckets) + 1)
    computing: tuple[int, ...] = (0,) * (len(COMPUTE_SECONDS.buckets) + 1)

    def since(self, before: "LaneTotals") -> "LaneTotals | None":
        """Return what came after `before`; None if a total has fallen, as it does when emptied."""
        found = LaneTotals(
            self.accepted - before.accepted,
            self.succeeded - before.succeeded,
            self.failed - before.failed,
            self.cancelled - before.cancelled,
            *(
                tuple(now - then for now, then in zip(mine, its, strict=True))
                for mine, its in (
                    (self.waiting, before.waiting),
                    (self.computing, before.computing),
                )
            ),
        )
        numbers = (found.accepted, found.succeeded, found.failed, found.cancelled)
        has_fallen = min(*numbers, *found.waiting, *found.computing) < 0
        return None if has_fallen else found

    def members(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return dataclasses.asdict(self)


def read_members(members: Mapping[str, Any]) -> LaneTotals | None:
    """Return totals from their JSON; None for those of a version with other members or buckets."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in members.items()
    }
    try:
        found = LaneTotals(**values)
    except TypeError:
        return None
    nothing = LaneTotals()
    has_buckets = len(found.waiting) == len(nothing.waiting)
    return found if has_buckets and len(found.computing) == len(nothing.computing) else None


def lane_totals(counters: _Counters) -> dict[Lane, LaneTotals]:
    """Return the totals of each lane from the sums over all processes."""
    accepted = _by_lane(counters, ACCEPTED, -1)
    finished = {
        status: _by_lane(counters, FINISHED, 1, status)
        for status in ("succeeded", "failed", "cancelled")
    }
    waiting, computing = (_buckets(counters, one) for one in (WAITING_SECONDS, COMPUTE_SECONDS))
    return {
        lane: LaneTotals(
            accepted=accepted.get(lane, 0),
            **{status: found.get(lane, 0) for status, found in finished.items()},
            waiting=tuple(waiting[lane]),
            computing=tuple(computing[lane]),
        )
        for lane in Lane
    }


def _by_lane(
    counters: _Counters, metric: Metric, place: int, status: str | None = None
) -> dict[str, int]:
    """Return the sums of a counter by the label at a place; with a status, of that one alone."""
    found: dict[str, int] = {}
    for text, total in counters.get(metric.name, {}).items():
        labels = labels_of(text)
        if status is None or labels[-1] == status:
            found[labels[place]] = found.get(labels[place], 0) + int(total)
    return found


def _buckets(counters: _Counters, metric: Metric) -> dict[str, list[int]]:
    """Return the counts of a histogram's buckets by lane, the last label before the bound."""
    bounds = [*map(bound_text, metric.buckets), UNLIMITED]
    found = {str(lane): [0] * len(bounds) for lane in Lane}
    for text, total in counters.get(f"{metric.name}_bucket", {}).items():
        *_, lane, bound = labels_of(text)
        if lane in found and bound in bounds:
            found[lane][bounds.index(bound)] += int(total)
    return found
