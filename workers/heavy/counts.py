"""Counts how the attempts of a heavy worker end, and what they compute."""

from shared.calculation import Lane, Status
from shared.metrics.catalogue import (
    ATTEMPTS_ENDED,
    COMPUTE_SECONDS,
    FINISHED,
    LATE_WRITES_REFUSED,
    RESULT_BYTES,
    WAITING_SECONDS,
)
from shared.metrics.counters import Counters
from shared.result import Result
from shared.store.leases import Claim


class AttemptCounts:
    """Counts the end of one attempt, once it is committed."""

    def __init__(self, counters: Counters, function: str) -> None:
        self._counters = counters
        self._function = function

    def note_succeeded(self, result: Result) -> None:
        """Count a result that is stored."""
        self._note_finished(Status.SUCCEEDED, Status.SUCCEEDED)
        self._counters.observe(COMPUTE_SECONDS, result.compute_seconds, self._function, Lane.HEAVY)
        self._counters.observe(RESULT_BYTES, result.length, self._function)

    def note_failed(self, reason: str) -> None:
        """Count a failure."""
        self._note_finished(Status.FAILED, reason)

    def note_left(self, outcome: str) -> None:
        """Count an attempt that ended without either; the outcome is as in the history."""
        if outcome == Status.CANCELLED:
            self._note_finished(Status.CANCELLED, outcome)
        else:
            self._counters.add(ATTEMPTS_ENDED, outcome)

    def note_late(self) -> None:
        """Count a write that was refused, because the claim was no longer this attempt's."""
        self._counters.add(LATE_WRITES_REFUSED, Lane.HEAVY)

    def _note_finished(self, status: Status, outcome: str) -> None:
        self._counters.add(ATTEMPTS_ENDED, outcome)
        self._counters.add(FINISHED, self._function, Lane.HEAVY, status)


def note_claimed(counters: Counters, claim: Claim) -> None:
    """Count how long a calculation waited for its claim."""
    counters.observe(WAITING_SECONDS, claim.waited_seconds, Lane.HEAVY)
