"""What a removal would remove, without removing it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine

from shared.retention.pace import Pace
from shared.retention.steps import HOUR, Pages, oldest
from shared.store.retention.candidates import Candidate, Selection, list_hours


@dataclass(slots=True)
class Amount:
    """Results with their bytes, all documents counted, and from when to when they finished."""

    results: int = 0
    bytes: int = 0
    documents: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, candidate: Candidate) -> None:
        """Add one more, which finished last."""
        self.results += candidate.has_result
        self.bytes += candidate.bytes
        self.documents += 1
        self.first = self.first or candidate.finished_at
        self.last = candidate.finished_at


@dataclass(slots=True)
class Plan:
    """What would be removed, of all functions together and of each."""

    total: Amount = field(default_factory=Amount)
    by_function: dict[str, Amount] = field(default_factory=dict)

    def add(self, candidate: Candidate) -> None:
        """Add one more, which finished last."""
        self.total.add(candidate)
        self.by_function.setdefault(candidate.function, Amount()).add(candidate)


def make_plan(
    engine: Engine, pace: Pace, selection: Selection, excess_bytes: int | None = None
) -> Plan:
    """Return what `Removal.remove` would remove of what is there now."""
    plan = Plan()
    for page in _pages(engine, pace, selection):
        left = None if excess_bytes is None else excess_bytes - plan.total.bytes
        for candidate in page if left is None else oldest(page, left):
            plan.add(candidate)
        if excess_bytes is not None and plan.total.bytes >= excess_bytes:
            break
    return plan


def _pages(engine: Engine, pace: Pace, selection: Selection) -> Iterator[Sequence[Candidate]]:
    with engine.begin() as connection:
        hours = list_hours(connection, selection)
    pages = Pages(engine, pace, selection)
    for hour in hours:
        yield from pages.between(hour, hour + HOUR)
