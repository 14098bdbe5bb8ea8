"""Statements on `process_metrics`: what processes have counted, each in a row of its own.

Numbers are added up as `numeric`, which is exact: with floating point the sum would depend on the
order of rows, and a counter could fall by its last digit, which Prometheus takes for a restart.
"""

import json
import os
import socket
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from shared.metrics.counters import Counters, Totals
from shared.store.presence import SILENT_SECONDS

#: The row with the counts of processes that have ended.
_RETIRED_ID = UUID(int=0)

#: A process that ends has not been seen since the beginning of time: the next fold takes its row.
_SEEN_AT = "CASE WHEN :is_last THEN '-infinity' ELSE now() END"

_INSERT = text(f"""
    INSERT INTO process_metrics (id, kind, host, pid, seen_at, counters, gauges)
    VALUES (:id, :kind, :host, :pid, {_SEEN_AT}, CAST(:counters AS jsonb), CAST(:gauges AS jsonb))
    ON CONFLICT (id) DO UPDATE
    SET seen_at = excluded.seen_at, counters = excluded.counters, gauges = excluded.gauges""")

_UPDATE = text(f"""
    UPDATE process_metrics
    SET seen_at = {_SEEN_AT}, counters = CAST(:counters AS jsonb), gauges = CAST(:gauges AS jsonb)
    WHERE id = :id""")

_NOTE_SEEN = text("UPDATE process_metrics SET seen_at = now() WHERE id = :id")

_SUM = """
    SELECT metric, labels, sum(value::numeric) AS total, max(value::numeric) AS largest
    FROM {rows}, jsonb_each({column}) AS of_metric (metric, series),
         jsonb_each(series) AS of_labels (labels, value)
    GROUP BY metric, labels"""

#: As an object of the same form as `counters`.
_AS_OBJECT = """
    SELECT coalesce(jsonb_object_agg(metric, series), '{{}}') AS counters
    FROM (SELECT metric, jsonb_object_agg(labels, total) AS series
          FROM ({sums}) AS sums GROUP BY metric) AS merged"""

#: A row that exists is locked, and read as it is then.
_ADD = f"""
    INSERT INTO process_metrics (id, kind, host, pid, counters)
    SELECT '{_RETIRED_ID}', 'retired', '', 0, counters FROM added
    ON CONFLICT (id) DO UPDATE
    SET seen_at = now(), counters = ({
    _AS_OBJECT.format(
        sums=_SUM.format(
            rows="(VALUES (process_metrics.counters), (excluded.counters)) AS two (summand)",
            column="two.summand",
        )
    )
})"""

_ADD_TO_RETIRED = text(f"""
    WITH added AS (SELECT CAST(:counters AS jsonb) AS counters){_ADD}""")

_FOLD = text(f"""
    WITH silent AS (
        DELETE FROM process_metrics
        WHERE id IN (
            SELECT id FROM process_metrics
            WHERE kind <> 'retired' AND seen_at < now() - make_interval(secs => :silent_seconds)
            FOR UPDATE SKIP LOCKED)
        RETURNING counters),
    added AS ({_AS_OBJECT.format(sums=_SUM.format(rows="silent", column="silent.counters"))}
        HAVING EXISTS (SELECT FROM silent)){_ADD}""")

_SEEN_LATELY = """(
        SELECT kind, gauges FROM process_metrics
        WHERE kind <> 'retired' AND seen_at BETWEEN now() - make_interval(secs => :silent_seconds)
                                                AND now() + make_interval(secs => :silent_seconds)
    ) AS alive"""

#: All in one statement, so that a row that is folded meanwhile counts once.
_READ = text(f"""
    SELECT 'counter' AS part, sums.* FROM (
        {_SUM.format(rows="process_metrics", column="counters")}) AS sums
    UNION ALL
    SELECT 'gauge', sums.* FROM ({_SUM.format(rows=_SEEN_LATELY, column="gauges")}) AS sums
    UNION ALL
    SELECT 'process', kind, '', count(*), NULL FROM {_SEEN_LATELY} GROUP BY kind""")

_READ_GAUGES = text(_SUM.format(rows=_SEEN_LATELY, column="gauges"))

_DATABASE_SIZE = text("SELECT pg_database_size(current_database())")


class ProcessKind(StrEnum):
    """The kinds of processes that count."""

    GATEWAY = "gateway"
    RELAY = "relay"
    QUICK = "quick"
    HEAVY = "heavy"


class Gauge(NamedTuple):
    """A gauge of the processes that are alive."""

    sum: Decimal
    largest: Decimal


class Reading(NamedTuple):
    """Numbers by the name of the series and then by labels; of processes, how many are alive."""

    counters: dict[str, dict[str, Decimal]]
    gauges: dict[str, dict[str, Gauge]]
    processes: dict[str, int]


def insert_metrics(
    connection: Connection,
    row_id: UUID,
    kind: ProcessKind,
    counters: Totals,
    gauges: Totals,
    *,
    is_last: bool = False,
) -> None:
    """Insert the row of this process, or replace what it has."""
    connection.execute(
        _INSERT,
        {
            "id": row_id,
            "kind": str(kind),
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "counters": json.dumps(counters),
            "gauges": json.dumps(gauges),
            "is_last": is_last,
        },
    )


def update_metrics(
    connection: Connection,
    row_id: UUID,
    counters: Totals,
    gauges: Totals,
    *,
    is_last: bool = False,
) -> bool:
    """Replace what a row has; return False if it is not there any more."""
    values = {
        "id": row_id,
        "counters": json.dumps(counters),
        "gauges": json.dumps(gauges),
        "is_last": is_last,
    }
    return connection.execute(_UPDATE, values).rowcount == 1


def note_seen(connection: Connection, row_id: UUID) -> bool:
    """Note that the process is alive; return False if its row is not there any more."""
    return connection.execute(_NOTE_SEEN, {"id": row_id}).rowcount == 1


def read_metrics(connection: Connection, silent_seconds: float = SILENT_SECONDS) -> Reading:
    """Return the sums over all processes; gauges are of those seen within `silent_seconds`."""
    reading = Reading({}, {}, {})
    for part, name, labels, total, largest in connection.execute(
        _READ, {"silent_seconds": silent_seconds}
    ):
        if part == "counter":
            reading.counters.setdefault(name, {})[labels] = total
        elif part == "gauge":
            reading.gauges.setdefault(name, {})[labels] = Gauge(total, largest)
        else:
            reading.processes[name] = int(total)
    return reading


def read_gauges(
    connection: Connection, silent_seconds: float = SILENT_SECONDS
) -> dict[str, dict[str, Gauge]]:
    """Return the gauges alone, by their name and labels."""
    found: dict[str, dict[str, Gauge]] = {}
    for name, labels, total, largest in connection.execute(
        _READ_GAUGES, {"silent_seconds": silent_seconds}
    ):
        found.setdefault(name, {})[labels] = Gauge(total, largest)
    return found


def measure_database(connection: Connection) -> int:
    """Return how many bytes the database has on PostgreSQL's disk."""
    size: int = connection.execute(_DATABASE_SIZE).scalar_one()
    return size


def fold_silent_metrics(connection: Connection, silent_seconds: float) -> None:
    """Move what processes counted that were not seen for so long into the row of the retired."""
    connection.execute(_FOLD, {"silent_seconds": silent_seconds})


def add_to_retired(connection: Connection, counters: Counters) -> None:
    """Count something for good: for a command, which has no heartbeat."""
    connection.execute(_ADD_TO_RETIRED, {"counters": json.dumps(counters.totals())})
