"""The history as series to draw: a number for each point, and null where nothing is known."""

from collections.abc import Iterable, Sequence
from typing import Any

from gateway.state.grid import Grid
from shared.calculation import Lane
from shared.metrics.catalogue import COMPUTE_SECONDS, WAITING_SECONDS
from shared.metrics.percentiles import percentile
from shared.store.history import Step

#: How steps become one: counts are added, and of a state what is worse is shown.
_ADDED = ("accepted", "succeeded", "failed", "cancelled")
_LARGEST = ("queued", "running", "outbox_depth", "outbox_age_seconds")
_SMALLEST = ("workers", "slots")

_SHARES = {"p50": 0.5, "p99": 0.99}
_DIGITS = 6


def series_members(steps: Iterable[Step], grid: Grid) -> dict[str, Any]:
    """Return the times of the points, how much of each was counted, and the series by lane."""
    found: dict[Lane, list[list[Step]]] = {lane: [[] for _ in range(grid.points)] for lane in Lane}
    for step in steps:
        place = grid.place(step.started_at)
        if place is not None:
            found[step.lane][place].append(step)
    times = [grid.began + place * grid.step_seconds for place in range(grid.points)]
    return {
        "step_seconds": grid.step_seconds,
        "times": times,
        "counted_seconds": [
            round(max(sum(step.seconds for step in found[lane][place]) for lane in Lane), 3) or None
            for place in range(grid.points)
        ],
        "lanes": {lane: _series(found[lane]) for lane in Lane},
    }


def _series(points: Sequence[Sequence[Step]]) -> dict[str, list[float | None]]:
    series: dict[str, list[float | None]] = {}
    for names, merge in ((_ADDED, sum), (_LARGEST, max), (_SMALLEST, min)):
        for name in names:
            series[name] = [
                merge(getattr(step, name) for step in steps) if steps else None for steps in points
            ]
    for name, metric in (("waiting", WAITING_SECONDS), ("computing", COMPUTE_SECONDS)):
        counts = [_added([getattr(step, name) for step in steps]) for steps in points]
        for label, share in _SHARES.items():
            series[f"{name}_seconds_{label}"] = [
                _rounded(percentile(share, one, metric.buckets)) for one in counts
            ]
    return series


def _added(buckets: Sequence[Sequence[int]]) -> list[int]:
    return [sum(counts) for counts in zip(*buckets, strict=True)]


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")
