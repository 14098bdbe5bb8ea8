"""Counts what a quick worker has stored, a statement at a time."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from uuid import UUID

from shared.calculation import Lane, Status, Work
from shared.metrics.catalogue import (
    COMPUTE_SECONDS,
    FINISHED,
    LATE_WRITES_REFUSED,
    RESULT_BYTES,
    WAITING_SECONDS,
)
from shared.metrics.counters import Counters
from shared.result import Result
from shared.store.quick import Written


class OutcomeCounts:
    """Counts outcomes once they are committed; those that came too late are told apart."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def note_succeeded(
        self, results: Mapping[UUID, Result], works: Mapping[UUID, Work], written: Written
    ) -> None:
        """Count results, of which those in `written` were stored."""
        stored: defaultdict[str, list[Result]] = defaultdict(list)
        for identity in written.ids:
            stored[works[identity].function].append(results[identity])
        for function, some in stored.items():
            self._note_finished(function, Status.SUCCEEDED, len(some))
            seconds = [result.compute_seconds for result in some]
            self._counters.observe_all(COMPUTE_SECONDS, seconds, function, Lane.QUICK)
            self._counters.observe_all(RESULT_BYTES, [one.length for one in some], function)
        self._note_written(len(results), written)

    def note_failed(
        self, errors: Collection[UUID], works: Mapping[UUID, Work], written: Written
    ) -> None:
        """Count failures, of which those in `written` were stored."""
        for identity in written.ids:
            self._note_finished(works[identity].function, Status.FAILED, 1)
        self._note_written(len(errors), written)

    def _note_finished(self, function: str, status: Status, count: int) -> None:
        self._counters.add(FINISHED, function, Lane.QUICK, status, amount=count)

    def _note_written(self, count: int, written: Written) -> None:
        if written.waited_seconds:
            self._counters.observe_all(WAITING_SECONDS, written.waited_seconds, Lane.QUICK)
        if late := count - len(written.ids):
            self._counters.add(LATE_WRITES_REFUSED, Lane.QUICK, amount=late)
