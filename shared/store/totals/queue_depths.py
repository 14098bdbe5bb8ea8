"""The statement that counts what waits and runs, for GET /metrics.

It reads the partial indexes alone, and so takes a fraction of what GET /system's does, which also
adds up estimates.
"""

from typing import NamedTuple

from sqlalchemy import Connection, text

from shared.calculation import Lane

#: What has waited longest of what is published is among what was published first: all of it in the
#: quick lane, and in the heavy one nearly all, as few are published at once.
_FIRST = """
    (SELECT min(not_before) FROM (
        SELECT not_before FROM calculations
        WHERE status = 'queued' AND published_at IS NOT NULL AND lane = '{lane}'
        ORDER BY published_at LIMIT 1000) AS first)"""

_COUNT = f"""
    SELECT lane, 'queued' AS state, count(*) AS calculations, min(not_before) AS oldest
    FROM calculations WHERE status = 'queued' AND published_at IS NULL GROUP BY lane
    UNION ALL
    SELECT lane, 'published', count(*),
           CASE lane WHEN 'quick' THEN {_FIRST.format(lane="quick")}
                     ELSE {_FIRST.format(lane="heavy")} END
    FROM calculations WHERE status = 'queued' AND published_at IS NOT NULL GROUP BY lane
    UNION ALL
    SELECT lane, 'running', count(*), NULL
    FROM calculations WHERE status = 'running' GROUP BY lane"""

_AGES = text(f"""
    SELECT lane, state, calculations,
           greatest(0, coalesce(extract(epoch FROM now() - oldest), 0))::float
    FROM ({_COUNT}) AS counted""")


class Depth(NamedTuple):
    """How many calculations of a lane are in a state, and for how long the first has waited."""

    lane: Lane
    state: str
    calculations: int
    oldest_seconds: float


def measure_queues(connection: Connection) -> list[Depth]:
    """Return what is queued, published and running, of each lane that has any."""
    return [Depth(Lane(lane), *numbers) for lane, *numbers in connection.execute(_AGES)]
