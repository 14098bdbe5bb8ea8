"""Statements that add what has finished to `stored_results`, a slice of time after the other.

A result counts once: the slice that holds its `finished_at` is counted when no transaction can add
to it any more. All of them find their rows by the BRIN index on that column.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from shared.store.retention.state import HAS_RESULT, RESULT_BYTES

#: A transaction that finishes calculations has ended long before: a few statements, each of which
#: takes milliseconds. In theory each may last for its limit of 30 s, and idle 15 s before the next,
#: and after PostgreSQL's clock was set ahead any transaction looks old; so what is open is never
#: passed either. A role sees only its own sessions, and all processes have the same; the URL may
#: name them all.
GRACE_SECONDS = 120.0

_FIND_BOUND = text("""
    SELECT coalesce(CAST(:counted_until AS timestamptz)
                        > now() - make_interval(secs => :grace_seconds / 2), false),
           least(now() - make_interval(secs => :grace_seconds),
                 (SELECT min(xact_start) FROM pg_stat_activity
                  WHERE datname = current_database()
                    AND (application_name LIKE 'reckoner%'
                         OR application_name = current_setting('application_name'))
                    AND pid <> pg_backend_pid()))""")

#: One core and an index, and an end. A lock that lasts is another fault than a slice that is long.
_LIMITS = text("""
    SELECT set_config('max_parallel_workers_per_gather', '0', true),
           set_config('enable_seqscan', 'off', true),
           set_config('lock_timeout', CAST(:lock_milliseconds AS text), true),
           set_config('statement_timeout', CAST(:milliseconds AS text), true)""")

LOCK_SECONDS = 2.0

_IS_OLDER = text("""
    SELECT EXISTS (SELECT FROM calculations
                   WHERE finished_at < now() - make_interval(hours => :hours))""")

_HOURS_AGO = text("SELECT now() - make_interval(hours => :hours)")

#: Hours of UTC, whatever the time zone of a session. Hours with documents alone have a row too.
_COUNT = text(f"""
    WITH finished AS (
        SELECT date_trunc('hour', finished_at, 'UTC') AS hour, count(*) AS documents,
               count(*) FILTER (WHERE {HAS_RESULT}) AS results,
               coalesce(sum({RESULT_BYTES}) FILTER (WHERE {HAS_RESULT}), 0)::bigint AS bytes
        FROM calculations WHERE finished_at >= :first AND finished_at < :end
        GROUP BY 1),
    added AS (
        INSERT INTO stored_results AS stored (hour, results, bytes)
        SELECT hour, results, bytes FROM finished
        ON CONFLICT (hour) DO UPDATE
        SET results = stored.results + excluded.results, bytes = stored.bytes + excluded.bytes)
    SELECT coalesce(sum(documents), 0)::bigint FROM finished""")

_NOTE_COUNTED = text("UPDATE retention SET counted_until = :moment")

_DISCARD = text("DELETE FROM stored_results")

#: The longest time to search for the first row, in doubled hours: more than a century. A machine
#: without a clock of its own begins in 1970.
_MAX_DOUBLINGS = 20


class Bound(NamedTuple):
    """Until when everything has finished that will have; and whether the clock was set back.

    Then calculations may finish at times that were counted before. A step of less than half the
    grace does no harm.
    """

    is_set_back: bool
    countable_until: datetime


def find_bound(
    connection: Connection, counted_until: datetime | None, grace_seconds: float
) -> Bound:
    """Return until when may be counted."""
    values = {"counted_until": counted_until, "grace_seconds": grace_seconds}
    return Bound._make(connection.execute(_FIND_BOUND, values).one())


def limit_statements(connection: Connection, seconds: float) -> None:
    """Limit the rest of this transaction to statements that read by an index and end soon."""
    connection.execute(
        _LIMITS,
        {
            "milliseconds": round(seconds * 1_000),
            "lock_milliseconds": round(LOCK_SECONDS * 1_000),
        },
    )


def find_beginning(connection: Connection) -> datetime:
    """Return a time before which nothing has finished, some hours or at most twice too early."""
    hours = 1
    for _ in range(_MAX_DOUBLINGS):
        if not connection.execute(_IS_OLDER, {"hours": hours}).scalar_one():
            break
        hours *= 2
    moment: datetime = connection.execute(_HOURS_AGO, {"hours": hours}).scalar_one()
    return moment


def count_slice(connection: Connection, first: datetime, end: datetime) -> int:
    """Add what finished in this time, the end excluded, and note that it is counted.

    Return how many calculations that were.
    """
    counted: int = connection.execute(_COUNT, {"first": first, "end": end}).scalar_one()
    connection.execute(_NOTE_COUNTED, {"moment": end})
    return counted


def discard_counts(connection: Connection) -> None:
    """Have everything counted anew."""
    connection.execute(_DISCARD)
    connection.execute(_NOTE_COUNTED, {"moment": None})
