"""Counts what submissions become: work that is accepted, and results that are computed at once."""

from collections import Counter
from collections.abc import Collection, Iterable

from shared.calculation import Calculation, Status
from shared.metrics.catalogue import ACCEPTED, COMPUTE_SECONDS, FINISHED, RESULT_BYTES
from shared.metrics.counters import Counters
from shared.store.calculations import Row


class SubmissionCounts:
    """Counts after the commit. Whatever is accepted counts so, however it is computed."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def note_inserted(self, rows: Collection[Row]) -> None:
        """Count rows that are new, each queued or with its result."""
        if len(rows) == 1:
            for row in rows:
                self._counters.add(ACCEPTED, row.function, row.lane)
        else:
            self._accept((row.function, row.lane) for row in rows)
        for row in rows:
            if row.status == Status.SUCCEEDED:
                self.note_computed(row)

    def note_queued(self, calculations: Iterable[Calculation]) -> None:
        """Count what workers are going to compute, new or once more."""
        self._accept((one.function.name, str(one.lane)) for one in calculations)

    def note_computed(self, row: Row) -> None:
        """Count a result that this process has computed."""
        self._counters.add(FINISHED, row.function, row.lane, "succeeded")
        if row.compute_seconds is not None:
            self._counters.observe(COMPUTE_SECONDS, row.compute_seconds, row.function, row.lane)
        if row.length is not None:
            self._counters.observe(RESULT_BYTES, row.length, row.function)

    def _accept(self, accepted: Iterable[tuple[str, str]]) -> None:
        for (function, lane), count in Counter(accepted).items():
            self._counters.add(ACCEPTED, function, lane, amount=count)
