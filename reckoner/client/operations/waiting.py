"""Waiting until a calculation is final, in requests that the service holds."""

import time
from collections.abc import Callable
from typing import Any, TypeAlias

from reckoner.client.documents.calculation import Calculation, Progress
from reckoner.client.errors import CalculationCancelled, CalculationFailed, WaitTimeout
from reckoner.client.operations.service import (
    MAX_WAIT_SECONDS,
    Named,
    Service,
    path_of,
    prefer_wait,
)
from reckoner.client.transport.steps import Call, Steps, sleep, tell

#: Called about once a second while a calculation is awaited.
OnProgress: TypeAlias = Callable[[Progress], Any]

#: An advance that says something of the time that is left.
_MIN_ADVANCE = 0.02


class Deadline:
    """The end of a time-out in seconds, or none."""

    def __init__(self, timeout: float | None) -> None:
        self._end = None if timeout is None else time.monotonic() + timeout

    @property
    def left(self) -> float | None:
        """The seconds that are left, at least 0, or None."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())

    def wait_seconds(self, on_progress: OnProgress | None) -> int:
        """Return how long a request may be held: whole seconds, as the header has them."""
        longest = MAX_WAIT_SECONDS if on_progress is None else 1
        return longest if self.left is None else min(longest, int(self.left))


class _Pace:
    """Judges by the progress that was seen how many seconds are left."""

    def __init__(self) -> None:
        self._attempt = -1
        self._since = self._first = 0.0

    def seconds_left(self, calculation: Calculation) -> float | None:
        """Return them, by the service's own word until there is progress to judge by."""
        now, fraction = time.monotonic(), calculation.progress
        if calculation.is_final:
            return 0.0
        if calculation.attempts != self._attempt:
            self._attempt, self._since, self._first = calculation.attempts, now, fraction
        advance = fraction - self._first
        if advance < _MIN_ADVANCE:
            return calculation.retry_after
        return (now - self._since) * (1 - fraction) / advance


def wait(
    service: Service, calculation: Named, on_progress: OnProgress | None, timeout: float | None
) -> Steps[Calculation]:
    """Return a calculation once it has succeeded.

    Raises CalculationFailed, CalculationCancelled, and WaitTimeout, after which it goes on.
    """
    deadline = Deadline(timeout)
    first = yield from _look(service, calculation, 0, deadline)
    return succeeded((yield from follow(service, first, on_progress, deadline)))


def follow(
    service: Service, latest: Calculation, on_progress: OnProgress | None, deadline: Deadline
) -> Steps[Calculation]:
    """Return a calculation once it is final. Raises WaitTimeout."""
    pace = _Pace()
    while True:
        if on_progress is not None:
            left = pace.seconds_left(latest)
            yield from tell(on_progress, Progress(latest, latest.progress, left))
        if latest.is_final:
            return latest
        if deadline.left == 0.0:
            raise WaitTimeout(latest)
        seconds, began = deadline.wait_seconds(on_progress), time.monotonic()
        if seconds == 0 and deadline.left:
            yield from sleep(deadline.left)
        latest = yield from _look(service, latest, seconds, deadline)
        if not latest.is_final and time.monotonic() - began < seconds / 2:
            # Answered at once, by something on the way that does not pass on the preference.
            yield from sleep(1.0 if deadline.left is None else min(1.0, deadline.left))


def succeeded(calculation: Calculation) -> Calculation:
    """Return a final calculation if it has succeeded; raise what has become of it instead."""
    if calculation.status == "failed":
        raise CalculationFailed(calculation)
    if calculation.status == "cancelled":
        raise CalculationCancelled(calculation)
    return calculation


def _look(
    service: Service, calculation: Named, seconds: int, deadline: Deadline
) -> Steps[Calculation]:
    call = Call("GET", path_of(calculation), headers=prefer_wait(seconds), read_seconds=seconds)
    # An outage may last as long as the wait itself, but at the end one look must be possible.
    left = None if deadline.left is None else deadline.left + 1.0
    return service.calculation((yield from service.ask(call, seconds=left)))
