"""Lines about calculations that come by the thousand: few of them, and cheap.

A line for each would cost more than the rest of what a process does for a quick calculation, and
fill the disk. So the first after a pause is written at once; those that follow share lines, written
at most PAUSE_SECONDS later. Of a lasting flood no more than NAMED_PER_SECOND are named, and the
others counted, except those whose request has a trace context: somebody wants to follow them. At
the level DEBUG all are named. A process that is killed loses what it has not written.
"""

import atexit
import logging
import threading
import time
from collections.abc import Sequence

from shared.logs.members import LINE_CALCULATIONS, Traced, log_calculations

PAUSE_SECONDS = 0.05

#: How many are named for long, and how many at once after a time with fewer.
NAMED_PER_SECOND = 100
NAMED_AT_ONCE = 500

#: How often those that are not named are counted in a line.
_COUNT_SECONDS = 1.0


class CalculationLog:
    """Writes that something happened to calculations; `what` has a %s for them. Thread-safe.

    With `names_all`, no calculation is only counted.
    """

    def __init__(self, logger: logging.Logger, what: str, *, names_all: bool = False) -> None:
        self._logger = logger
        self._what = what
        self._names_all = names_all
        self._waiting: list[Traced] = []
        self._unnamed = 0
        self._may_name = float(NAMED_AT_ONCE)
        self._added_at = time.monotonic()
        self._quiet_until = self._count_at = 0.0
        self._lock = threading.Lock()
        self._is_needed = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, calculations: Sequence[Traced]) -> None:
        """Write it of these calculations, at once or in a moment."""
        if not calculations or not self._logger.isEnabledFor(logging.INFO):
            return
        with self._lock:
            now = time.monotonic()
            self._waiting += self._to_name(calculations, now)
            is_full = len(self._waiting) >= LINE_CALCULATIONS
            if self._waiting and (is_full or now >= self._quiet_until):
                self._write(now)
            if (self._waiting or self._unnamed) and not self._is_needed.is_set():
                self._start()
                self._is_needed.set()

    def flush(self) -> None:
        """Write what is waiting, and how many were not named."""
        self._flush(time.monotonic(), is_last=True)

    def _to_name(self, calculations: Sequence[Traced], now: float) -> Sequence[Traced]:
        gained = (now - self._added_at) * NAMED_PER_SECOND
        self._may_name = min(float(NAMED_AT_ONCE), self._may_name + gained)
        self._added_at = now
        is_debugging = self._logger.isEnabledFor(logging.DEBUG)
        if self._names_all or is_debugging or self._may_name >= len(calculations):
            self._may_name -= len(calculations)
            return calculations
        named = [one for one in calculations if one.traceparent is not None]
        self._unnamed += len(calculations) - len(named)
        return named

    def _write(self, now: float) -> None:
        log_calculations(self._logger, self._what, self._waiting)
        self._waiting = []
        self._quiet_until = now + PAUSE_SECONDS

    def _flush(self, now: float, *, is_last: bool) -> None:
        with self._lock:
            if self._waiting:
                self._write(now)
            if self._unnamed and (is_last or now >= self._count_at):
                count = f"{self._unnamed} calculations"
                self._logger.info("%s, too many to name here", self._what % count)
                self._unnamed = 0
                self._count_at = now + _COUNT_SECONDS
            if not self._unnamed:
                self._is_needed.clear()

    def _start(self) -> None:
        """Start the thread that writes what nothing follows, when it is needed first."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="calculation-log", daemon=True)
            self._thread.start()
            atexit.register(self.flush)

    def _run(self) -> None:
        while True:
            self._is_needed.wait()
            time.sleep(PAUSE_SECONDS)
            self._flush(time.monotonic(), is_last=False)
