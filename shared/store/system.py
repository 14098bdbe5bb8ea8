"""Statements that count all calculations, for GET /system, Retry-After and readiness.

After the clock was set back, times may lie in the future (gateway/relay/clock_steps.py); no age
that is returned is negative.
"""

from typing import NamedTuple

from sqlalchemy import Connection, text

from shared.calculation import Lane

_LANES = text("""
    SELECT lane, count(*) FILTER (WHERE status = 'queued') AS queued,
           count(*) FILTER (WHERE status = 'running') AS running,
           coalesce(sum(estimate_seconds * (1 - progress)), 0) AS seconds_to_go,
           count(*) FILTER (WHERE estimate_seconds IS NULL) AS without_estimate,
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


class LaneState(NamedTuple):
    """The unfinished calculations of a lane.

    `seconds_to_go` is the rest of their estimates; `without_estimate` counts those that have none.
    """

    queued: int
    running: int
    seconds_to_go: float
    without_estimate: int
    oldest_queued_seconds: float | None


class OutboxState(NamedTuple):
    """How many rows are due for publication, and the age of the oldest in seconds."""

    depth: int
    age_seconds: float


_IDLE = LaneState(0, 0, 0.0, 0, None)


def count_lanes(connection: Connection) -> dict[Lane, LaneState]:
    """Return the state of each lane."""
    found = {Lane(lane): LaneState(*counts) for lane, *counts in connection.execute(_LANES)}
    return {lane: found.get(lane, _IDLE) for lane in Lane}


def measure_outbox(connection: Connection) -> OutboxState:
    """Return the state of the outbox."""
    return OutboxState._make(connection.execute(_OUTBOX).one())


def count_finished_last_minute(connection: Connection) -> dict[str, int]:
    """Return how many calculations reached each final status in the last minute."""
    return {row.status: row.calculations for row in connection.execute(_FINISHED_LAST_MINUTE)}
