"""The statement that counts failures by their reason, for GET /system."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

#: How many are looked at, the newest: with their errors, a few megabytes at most.
MOST = 2_000

#: By the index `calculations_not_succeeded`, which the second condition names. What was looked at
#: reaches further back than a day where one of it is older, however many there are beyond.
_COUNT = text("""
    WITH newest AS (
        SELECT id, function, error->>'type' AS type, created_at, finished_at FROM calculations
        WHERE status = 'failed' AND status <> 'succeeded'
        ORDER BY created_at DESC LIMIT :most),
    counted AS (
        SELECT function, type,
               count(*) FILTER (WHERE finished_at > now() - interval '1 hour') AS last_hour,
               count(*) AS last_day,
               (array_agg(id ORDER BY finished_at DESC))[1] AS latest_id,
               max(finished_at) AS latest_at
        FROM newest
        WHERE finished_at BETWEEN now() - interval '1 day' AND now()
        GROUP BY function, type),
    looked_at AS (
        SELECT count(*) < :most OR min(created_at) < now() - interval '1 day' AS is_exact
        FROM newest)
    SELECT function, type, last_hour, last_day, latest_id, latest_at, is_exact
    FROM looked_at LEFT JOIN counted ON true
    ORDER BY last_hour DESC, last_day DESC, latest_at DESC LIMIT 100""")


class FailureCount(NamedTuple):
    """How often a function failed for a reason (a problem's type), and which failed last."""

    function: str
    type: str
    last_hour: int
    last_day: int
    latest_id: UUID
    latest_at: datetime


class Failures(NamedTuple):
    """The commonest first. If it is not exact, there are more than were looked at."""

    counts: list[FailureCount]
    is_exact: bool


def count_failures(connection: Connection, most: int = MOST) -> Failures:
    """Return why the newest calculations that have failed did so, of those of the last day."""
    rows = connection.execute(_COUNT, {"most": most}).all()
    counts = [FailureCount(*row[:-1]) for row in rows if row.function is not None]
    return Failures(counts, is_exact=rows[0].is_exact)
