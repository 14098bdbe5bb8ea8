"""The row in which a process writes what it has counted, with each of its heartbeats."""

import logging
import time
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import Connection, Engine

from shared.metrics.counters import Counters, Totals, since
from shared.postgres.outages import DATABASE_ERRORS, brief
from shared.store.metrics import ProcessKind, insert_metrics, note_seen, update_metrics

#: A failure that lasts is logged once in this time.
_REMINDER_SECONDS = 60.0

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Written:
    """What was written, for `note_written` once it is committed."""

    totals: Totals
    gauges: Totals


class MetricsRow:
    """Writes the totals of a process. One thread at a time may use it.

    The relay folds the row of a process that was silent for long, as if it had ended. If it has
    not, it goes on with a new row, which has what came after its last acknowledged write. Only a
    write that was committed without an acknowledgement just before such a silence counts twice.
    """

    def __init__(self, counters: Counters, kind: ProcessKind) -> None:
        self._counters = counters
        self._kind = kind
        self._id = uuid4()
        #: What is counted in rows that were folded.
        self._base: Totals = {}
        #: What the row has for certain; None before there is one.
        self._written: Written | None = None
        self._complained_at = float("-inf")

    def write(self, connection: Connection, *, is_last: bool = False) -> Written:
        """Write what there is; call `note_written` with the answer once that is committed.

        It is harmless to repeat. The last write of a process that ends leaves no
        gauges, and lets the row be folded soon.
        """
        new = Written(self._counters.totals(), {} if is_last else self._counters.gauges())
        written = self._written
        if written is not None:
            if self._update(connection, written, new, is_last=is_last):
                return new
            self._id, self._base, self._written = uuid4(), written.totals, None
        counted = since(new.totals, self._base)
        insert_metrics(connection, self._id, self._kind, counted, new.gauges, is_last=is_last)
        return new

    def _update(
        self, connection: Connection, written: Written, new: Written, *, is_last: bool
    ) -> bool:
        if new == written and not is_last:
            return note_seen(connection, self._id)
        counted = since(new.totals, self._base)
        return update_metrics(connection, self._id, counted, new.gauges, is_last=is_last)

    def note_written(self, written: Written) -> None:
        """Note that what `write` returned is committed."""
        self._written = written

    def complain(self, error: Exception) -> None:
        """Log that a write failed, once a minute."""
        if time.monotonic() < self._complained_at + _REMINDER_SECONDS:
            return
        self._complained_at = time.monotonic()
        _logger.warning("Cannot write what this process has counted: %s", brief(error))


def write_metrics(engine: Engine, row: MetricsRow, *, is_last: bool = False) -> None:
    """Write the row of this process, in a transaction of its own.

    A failure is logged and nothing else: no heartbeat may fail because of metrics, and the next
    write has all that this one had.
    """
    try:
        with engine.begin() as connection:
            written = row.write(connection, is_last=is_last)
    except DATABASE_ERRORS as error:
        row.complain(error)
    else:
        row.note_written(written)
