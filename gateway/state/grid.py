"""The points at which a history is shown: how many, and which steps each puts together."""

from dataclasses import dataclass
from datetime import UTC, datetime

from shared.store.history import (
    HOUR_SECONDS,
    HOURS_KEPT_SECONDS,
    MINUTE_SECONDS,
    MINUTES_KEPT_SECONDS,
)

#: More would not be told apart on a screen.
MAX_POINTS = 400

LEAST_SECONDS = 600
MOST_SECONDS = HOURS_KEPT_SECONDS

#: Between points: multiples of the steps that are stored, and parts of the longer ones.
_MINUTES = (60, 120, 300, 600, 900, 1_800, 3_600)
_HOURS = (3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800)


@dataclass(frozen=True, slots=True)
class Grid:
    """`points` steps of `step_seconds` each, from `began` (seconds since 1970) on."""

    stored_seconds: int
    step_seconds: int
    began: int
    points: int

    @property
    def since(self) -> datetime:
        """When it begins."""
        return datetime.fromtimestamp(self.began, UTC)

    def place(self, moment: datetime) -> int | None:
        """Return the point that a time belongs to; None if it is outside."""
        place = int(moment.timestamp() - self.began) // self.step_seconds
        return place if 0 <= place < self.points else None


def grid_of(seconds: int, now: datetime) -> Grid:
    """Return the points of the last so many seconds, of which the last may not have ended."""
    is_of_minutes = seconds <= MINUTES_KEPT_SECONDS
    steps = _MINUTES if is_of_minutes else _HOURS
    step = next((one for one in steps if seconds <= one * MAX_POINTS), steps[-1])
    # Beside the one that has just begun, which a minute is not stored of before its end.
    ended = int(now.timestamp()) // step + (step != MINUTE_SECONDS)
    points = min(MAX_POINTS, -(-seconds // step))
    stored = MINUTE_SECONDS if is_of_minutes else HOUR_SECONDS
    return Grid(stored, step, (ended - points) * step, points)
