"""Counts what submissions become: work that is accepted, and results that are computed at once."""

from collections import Counter
from collections.abc import Iterable, Sequence

from shared.calculation import Calculation, Status
from shared.metrics.catalogue import ACCEPTED, COMPUTE_SECONDS, FINISHED, RESULT_BYTES
from shared.metrics.counters import Counters
from shared.store.calculations import Row


class SubmissionCounts:
    """Counts after the commit. Whatever is accepted counts so, however it is computed."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def note_inserted(self, rows: Iterable[Row]) -> None:
        """Count rows that are new, each queued or with its result."""
        inserted: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            inserted.setdefault((row.function, row.lane), []).append(row)
        for (function, lane), some in inserted.items():
            self._counters.add(ACCEPTED, function, lane, amount=len(some))
            if computed := [row for row in some if row.status == Status.SUCCEEDED]:
                self._note_computed(function, lane, computed)

    def note_queued(self, calculations: Iterable[Calculation]) -> None:
        """Count what workers are going to compute, new or once more."""
        accepted = Counter((one.function.name, str(one.lane)) for one in calculations)
        for (function, lane), count in accepted.items():
            self._counters.add(ACCEPTED, function, lane, amount=count)

    def note_computed(self, row: Row) -> None:
        """Count a result that this process has computed."""
        self._note_computed(row.function, row.lane, [row])

    def _note_computed(self, function: str, lane: str, rows: Sequence[Row]) -> None:
        self._counters.add(FINISHED, function, lane, Status.SUCCEEDED, amount=len(rows))
        seconds = [row.compute_seconds for row in rows if row.compute_seconds is not None]
        self._counters.observe_all(COMPUTE_SECONDS, seconds, function, lane)
        lengths = [row.length for row in rows if row.length is not None]
        self._counters.observe_all(RESULT_BYTES, lengths, function)
