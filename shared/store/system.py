"""Statements that count all calculations, for GET /system, Retry-After and readiness.

After the clock was set back, times may lie in the future (gateway/relay/clock_steps.py); no age
that is returned is negative.
"""

from typing import Any

from sqlalchemy import Connection, text

_LANES = text("""
    SELECT lane, count(*) FILTER (WHERE status = 'queued') AS queued,
           count(*) FILTER (WHERE status = 'running') AS running,
           coalesce(sum(estimate_seconds * (1 - progress)), 0) AS seconds_to_go,
           CASE WHEN count(*) FILTER (WHERE status = 'queued') > 0 THEN
               greatest(0, extract(epoch FROM
                   now() - min(not_before) FILTER (WHERE status = 'queued')))::float
           END AS oldest_queued_seconds
    FROM calculations WHERE status IN ('queued', 'running') AND status <> 'succeeded'
    GROUP BY lane""")

_OUTBOX = text("""
    SELECT count(*) AS depth,
           coalesce(extract(epoch FROM now() - min(not_before)), 0)::float AS age_seconds
    FROM calculations
    WHERE status = 'queued' AND published_at IS NULL AND not_before <= now()""")

_FINISHED_LAST_MINUTE = text("""
    SELECT status, count(*) AS calculations FROM calculations
    WHERE finished_at > now() - interval '1 minute' AND finished_at <= now()
    GROUP BY status""")


def count_lanes(connection: Connection) -> list[dict[str, Any]]:
    """Return for each lane with unfinished calculations how many, and how long they will take."""
    return [dict(row) for row in connection.execute(_LANES).mappings()]


def measure_outbox(connection: Connection) -> dict[str, Any]:
    """Return how many rows are due for publication, and the age of the oldest in seconds."""
    return dict(connection.execute(_OUTBOX).mappings().one())


def count_finished_last_minute(connection: Connection) -> dict[str, int]:
    """Return how many calculations reached each final status in the last minute."""
    return {row.status: row.calculations for row in connection.execute(_FINISHED_LAST_MINUTE)}
