"""Statements that count all calculations, for GET /system, Retry-After and readiness.

After the clock was set back, times may lie in the future (gateway/relay/clock_steps.py); no age
that is returned is negative.
"""

from typing import NamedTuple

from sqlalchemy import Connection, text

from shared.calculation import Lane
from shared.store.outbox.heavy_outbox import FITTING, ROOM
from shared.store.totals.queued_work import SQL_CLASS_BOUNDS

_LANES = text("""
    SELECT lane, count(*) FILTER (WHERE status = 'queued') AS queued,
           count(*) FILTER (WHERE status = 'queued' AND published_at IS NOT NULL) AS published,
           count(*) FILTER (WHERE status = 'running') AS running,
           coalesce(sum(estimate_seconds * (1 - progress)), 0) AS seconds_to_go,
           count(*) FILTER (WHERE estimate_seconds IS NULL) AS without_estimate,
           CASE WHEN count(*) FILTER (WHERE status = 'queued') > 0 THEN
               greatest(0, extract(epoch FROM
                   now() - min(not_before) FILTER (WHERE status = 'queued')))::float
           END AS oldest_queued_seconds
    FROM calculations WHERE status IN ('queued', 'running') AND status <> 'succeeded'
    GROUP BY lane""")

#: What the relay would publish now. In the heavy lane that is what there is room for, since the
#: last publication or the last claim, which makes room.
_OUTBOX = text(f"""
    WITH {ROOM},
    quick AS (
        SELECT count(*) AS depth, now() - min(not_before) AS age
        FROM calculations
        WHERE status = 'queued' AND published_at IS NULL AND lane = 'quick'
          AND not_before <= now()),
    fitting AS (
        SELECT not_before FROM calculations
        WHERE status = 'queued' AND published_at IS NULL AND lane = 'heavy'
          AND not_before <= now()
        ORDER BY not_before
        LIMIT ({FITTING})),
    heavy AS (
        SELECT count(*) AS depth,
               CASE WHEN count(*) > 0 THEN now() - greatest(
                   min(not_before),
                   (SELECT max(published_at) FROM calculations
                    WHERE status = 'queued' AND published_at IS NOT NULL AND lane = 'heavy'),
                   (SELECT max(started_at) FROM calculations WHERE status = 'running'))
               END AS age
        FROM fitting)
    SELECT lane, depth, greatest(0, coalesce(extract(epoch FROM age), 0))::float AS age_seconds
    FROM (SELECT 'quick' AS lane, depth, age FROM quick
          UNION ALL SELECT 'heavy', depth, age FROM heavy) AS lanes""")

#: The seconds that unfinished calculations have left. Of those without estimate each counts for the
#: same. `in_window` are the seconds of those that run or are published.
_AHEAD = text(f"""
    SELECT CASE WHEN lane = 'heavy' THEN coalesce(queued_by, submitted_by) END AS key_name, lane,
           CASE WHEN lane = 'heavy' THEN width_bucket(
               coalesce(estimate_seconds, :unknown_seconds), ARRAY[{SQL_CLASS_BOUNDS}]::float8[]
           ) ELSE 0 END AS seconds_class,
           sum(coalesce(estimate_seconds * (1 - progress), :unknown_seconds)) AS seconds,
           coalesce(sum(coalesce(estimate_seconds * (1 - progress), :unknown_seconds))
                    FILTER (WHERE status = 'running' OR published_at IS NOT NULL), 0) AS in_window
    FROM calculations WHERE status IN ('queued', 'running') AND status <> 'succeeded'
    GROUP BY 1, 2, 3""")

_FINISHED_LAST_MINUTE = text("""
    SELECT status, count(*) AS calculations FROM calculations
    WHERE finished_at > now() - interval '1 minute' AND finished_at <= now()
    GROUP BY status""")


class LaneState(NamedTuple):
    """The unfinished calculations of a lane; of those that are queued, `published` are in RabbitMQ.

    `seconds_to_go` is the rest of their estimates; `without_estimate` counts those that have none.
    """

    queued: int
    published: int
    running: int
    seconds_to_go: float
    without_estimate: int
    oldest_queued_seconds: float | None


class Ahead(NamedTuple):
    """The seconds that the unfinished calculations of a key in one class of a lane have left.

    Those `in_window` run, or are published. Classes are those of `queued_work`, of estimated
    seconds. In the quick lane keys and classes are not told apart.
    """

    key_name: str | None
    lane: Lane
    seconds_class: int
    seconds: float
    in_window: float


class OutboxState(NamedTuple):
    """How many rows could be published now, and for how many seconds the first of them could."""

    depth: int
    age_seconds: float


_IDLE = LaneState(0, 0, 0, 0.0, 0, None)


def count_lanes(connection: Connection) -> dict[Lane, LaneState]:
    """Return the state of each lane."""
    found = {Lane(lane): LaneState(*counts) for lane, *counts in connection.execute(_LANES)}
    return {lane: found.get(lane, _IDLE) for lane in Lane}


def sum_ahead(connection: Connection, unknown_seconds: float) -> list[Ahead]:
    """Return the seconds that are left, of `unknown_seconds` for each of which nothing is known."""
    rows = connection.execute(_AHEAD, {"unknown_seconds": unknown_seconds})
    return [Ahead(name, Lane(lane), *numbers) for name, lane, *numbers in rows]


def measure_outboxes(connection: Connection) -> dict[Lane, OutboxState]:
    """Return the state of the outbox, by lane."""
    return {Lane(lane): OutboxState(*state) for lane, *state in connection.execute(_OUTBOX)}


def measure_outbox(connection: Connection) -> OutboxState:
    """Return the state of the outbox of both lanes."""
    lanes = measure_outboxes(connection).values()
    return OutboxState(sum(lane.depth for lane in lanes), max(lane.age_seconds for lane in lanes))


def count_finished_last_minute(connection: Connection) -> dict[str, int]:
    """Return how many calculations reached each final status in the last minute."""
    return {row.status: row.calculations for row in connection.execute(_FINISHED_LAST_MINUTE)}
