"""What to remove, in pages that are read at once and in steps that are removed at once."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine

from shared.retention.pace import Pace
from shared.retention.slices import SliceLength
from shared.store.retention.candidates import Candidate, Position, Selection, list_candidates
from shared.store.retention.counting import limit_statements

#: How many candidates are listed at once.
_PAGE = 10_000

#: What one transaction removes at most. The chunks are eight megabytes.
STEP_CALCULATIONS = 500
STEP_CHUNKS = 32

_FIRST_SLICE_SECONDS = 60.0
_LONGEST_SLICE_SECONDS = 3_600.0

_READ_SECONDS = 20.0

HOUR = timedelta(hours=1)


class Pages:
    """Lists candidates in the order in which they finished, a slice of time after the other."""

    def __init__(self, engine: Engine, pace: Pace, selection: Selection) -> None:
        self._engine = engine
        self._pace = pace
        self._selection = selection
        self._length = SliceLength(_FIRST_SLICE_SECONDS, _LONGEST_SLICE_SECONDS)

    def between(self, begin: datetime, end: datetime) -> Iterator[Sequence[Candidate]]:
        """Yield those that finished from `begin` up to `end`, and before the selection's limit."""
        end = min(end, self._selection.until)
        after = Position(begin)
        while after.moment < end and not self._pace.is_stopping():
            slice_end = min(after.moment + timedelta(seconds=self._length.seconds), end)
            with self._pace.step(), self._engine.begin() as connection:
                limit_statements(connection, _READ_SECONDS)
                page = list_candidates(connection, self._selection, after, slice_end, _PAGE)
            if page:
                yield page
            if len(page) == _PAGE:
                after = Position(page[-1].finished_at, page[-1].id)
                self._length.shorten()
            else:
                after = Position(slice_end)
                if len(page) < _PAGE / 4:
                    self._length.lengthen()


def steps(page: Sequence[Candidate]) -> Iterator[Sequence[Candidate]]:
    """Yield the page in parts for a transaction each. One with more chunks than fit is alone."""
    step: list[Candidate] = []
    chunks = 0
    for candidate in page:
        if step and (len(step) == STEP_CALCULATIONS or chunks + candidate.chunks > STEP_CHUNKS):
            yield step
            step, chunks = [], 0
        step.append(candidate)
        chunks += candidate.chunks
    if step:
        yield step


def oldest(page: Sequence[Candidate], size: int) -> Sequence[Candidate]:
    """Return the first of a page that have `size` bytes together, or all of it."""
    total = 0
    for count, candidate in enumerate(page):
        if total >= size:
            return page[:count]
        total += candidate.bytes
    return page
