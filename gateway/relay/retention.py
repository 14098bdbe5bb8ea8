"""Keeps stored results within the limits of the settings: the relay's housekeeping of the disk.

In a thread of its own, since removing may take hours, and its pauses must not delay the rescue. A
fault is logged and stored in `retention.fault`, and the next run begins anew.
"""

import logging
import time

from sqlalchemy import Engine

from shared.config import Settings
from shared.errors import CountingTooSlow
from shared.metrics.catalogue import DOCUMENTS_FORGOTTEN, RESULT_BYTES_PRUNED, RESULTS_PRUNED
from shared.metrics.counters import Counters
from shared.postgres.outages import DATABASE_ERRORS, brief, is_transient
from shared.retention.counting import count_finished
from shared.retention.pace import Pace
from shared.retention.removal import Removal
from shared.store.retention.candidates import Selection, find_cutoff
from shared.store.retention.removal import Removed
from shared.store.retention.state import claim_run, measure_storage, note_fault, note_run

#: How often. In between, and until they are counted, new results may exceed the limit.
INTERVAL_SECONDS = 30.0

#: Another relay runs it as often; whichever comes first.
_CLAIM_SECONDS = 0.9 * INTERVAL_SECONDS

#: How often a run that takes long says that it goes on.
_NOTE_SECONDS = INTERVAL_SECONDS / 3

#: Beyond the limit by this share, pauses are shorter: a full disk is worse than slower requests.
_TOLERATED_SHARE = 0.02
_HURRIED_PAUSES = 0.25

#: It measures again after this number of bytes: an operator may be removing the same excess.
_MEASURED_BYTES = 256_000_000

_MAX_FAULT_CHARACTERS = 500

_logger = logging.getLogger(__name__)


class Retention:
    """Counts stored results, and removes those beyond the limits."""

    def __init__(self, engine: Engine, settings: Settings, pace: Pace, counters: Counters) -> None:
        self._engine = engine
        self._settings = settings
        self._pace = Pace(self._pause, pace.is_stopping)
        self._plain_pause = pace.pause
        self._counters = counters
        self._removal = Removal(engine, self._pace, self._count)
        self._fault: str | None = None
        self._noted_at = 0.0
        self._pauses = 1.0

    def run(self) -> None:
        """Count and remove, unless another relay does; log and store what goes wrong."""
        try:
            with self._engine.begin() as connection:
                is_ours = claim_run(connection, _CLAIM_SECONDS)
            if is_ours:
                self._run()
        except Exception as error:
            self._fail(error)
        else:
            self._fault = None

    def _run(self) -> None:
        began = time.monotonic()
        count_finished(self._engine, self._pace)
        removed = self._remove_old().plus(self._remove_excess())
        if any(removed):
            _logger.info(
                "Removed %d results of %d bytes, and %d documents, in %.1f s",
                *removed,
                time.monotonic() - began,
            )
        with self._engine.begin() as connection:
            note_fault(connection, None)

    def _remove_old(self) -> Removed:
        """Remove what is older than the settings allow."""
        seconds = self._settings.retention_seconds
        if not seconds:
            return Removed()
        return self._remove(seconds, None)

    def _remove_excess(self) -> Removed:
        """Remove the oldest, until no more bytes are stored than the settings allow."""
        total, limit = Removed(), self._settings.retention_bytes
        while limit and not self._pace.is_stopping():
            with self._engine.begin() as connection:
                excess = measure_storage(connection).bytes - limit
            self._pauses = _HURRIED_PAUSES if excess > _TOLERATED_SHARE * limit else 1.0
            try:
                removed = self._remove(0, min(excess, _MEASURED_BYTES)) if excess > 0 else Removed()
            finally:
                self._pauses = 1.0
            total = total.plus(removed)
            if not removed.bytes:  # the rest cannot be removed yet
                break
        return total

    def _remove(self, older_than_seconds: float, excess_bytes: int | None) -> Removed:
        with self._engine.begin() as connection:
            until = find_cutoff(connection, older_than_seconds)
        if until is None:
            return Removed()
        selection = Selection(until, forget=self._settings.retention_forget)
        return self._removal.remove(selection, excess_bytes)

    def _pause(self, seconds: float) -> None:
        """Pause after a step, and keep other relays from beginning meanwhile."""
        if time.monotonic() > self._noted_at + _NOTE_SECONDS:
            self._noted_at = time.monotonic()
            with self._engine.begin() as connection:
                note_run(connection)
        self._plain_pause(self._pauses * seconds)

    def _count(self, removed: Removed) -> None:
        for metric, amount in zip(
            (RESULTS_PRUNED, RESULT_BYTES_PRUNED, DOCUMENTS_FORGOTTEN), removed, strict=True
        ):
            if amount:
                self._counters.add(metric, amount=amount)

    def _fail(self, error: Exception) -> None:
        """Log a fault once while it lasts, and store it where PostgreSQL allows that."""
        fault = f"{type(error).__name__}: {brief(error)}"
        if isinstance(error, CountingTooSlow):
            fault = str(error)
        elif isinstance(error, DATABASE_ERRORS):
            fault = f"PostgreSQL: {brief(error)}"
        is_expected = isinstance(error, CountingTooSlow) or is_transient(error)
        if not is_expected:
            _logger.error("Retention: a bug", exc_info=error)
        elif fault != self._fault:
            _logger.warning("Retention has stopped until its next run. %s", fault)
        self._fault = fault
        try:
            with self._engine.begin() as connection:
                note_fault(connection, fault[:_MAX_FAULT_CHARACTERS])
        except DATABASE_ERRORS as second:
            _logger.debug("Cannot store why retention failed: %s", brief(second))
