"""Statements on `history` and `history_totals`: what happened in each minute and each hour.

Whoever writes a minute locks the row of `history_totals` first, so that of several relays one does.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from shared.calculation import Lane
from shared.store.metrics import read_metrics
from shared.store.presence import SILENT_SECONDS, count_slots, count_workers
from shared.store.totals.lane_totals import LaneTotals, lane_totals, read_members
from shared.store.totals.queue_depths import measure_queues
from shared.store.totals.system import measure_outboxes

MINUTE_SECONDS = 60
HOUR_SECONDS = 3600

#: How long the steps are kept.
MINUTES_KEPT_SECONDS = 48 * HOUR_SECONDS
HOURS_KEPT_SECONDS = 400 * 24 * HOUR_SECONDS

#: A difference over a longer time is no minute: nobody read the totals in between.
_LONGEST_MINUTE_SECONDS = 2.0 * MINUTE_SECONDS

#: Locked by another relay, which does the same now: no row. A relay whose transaction began later
#: may have been quicker.
_LOCK_TOTALS = text("""
    SELECT read_at, totals, extract(epoch FROM now() - read_at)::float AS seconds,
           coalesce(
               read_at BETWEEN date_trunc('minute', now()) AND clock_timestamp(), false) AS is_done
    FROM history_totals FOR UPDATE SKIP LOCKED""")

_NOTE_TOTALS = text("""
    UPDATE history_totals SET read_at = now(), totals = CAST(:totals AS jsonb)""")

_SECONDS_TO_NEXT = text("SELECT (60 - extract(second FROM clock_timestamp()))::float")

_INSERT = text("""
    INSERT INTO history (
        step_seconds, started_at, lane, seconds, accepted, succeeded, failed, cancelled, queued,
        running, outbox_depth, outbox_age_seconds, workers, slots, waiting, computing)
    VALUES (
        60, date_trunc('minute', now()) - interval '1 minute', :lane, :seconds, :accepted,
        :succeeded, :failed, :cancelled, :queued, :running, :outbox_depth, :outbox_age_seconds,
        :workers, :slots, CAST(:waiting AS bigint[]), CAST(:computing AS bigint[]))
    ON CONFLICT DO NOTHING""")

#: The hours that have ended since the last one that was folded. Arrays of one length each.
_FOLD = text("""
    WITH minutes AS (
        SELECT date_trunc('hour', started_at, 'UTC') AS hour, history.* FROM history
        WHERE step_seconds = 60 AND started_at < date_trunc('hour', now(), 'UTC')
          AND started_at >= coalesce(
              (SELECT max(started_at) + interval '1 hour' FROM history WHERE step_seconds = 3600),
              '-infinity')),
    buckets AS (
        SELECT hour, lane, place, sum(waits)::bigint AS waits, sum(computes)::bigint AS computes
        FROM minutes, unnest(waiting, computing) WITH ORDINALITY AS of (waits, computes, place)
        GROUP BY hour, lane, place),
    histograms AS (
        SELECT hour, lane, array_agg(waits ORDER BY place) AS waiting,
               array_agg(computes ORDER BY place) AS computing
        FROM buckets GROUP BY hour, lane)
    INSERT INTO history (
        step_seconds, started_at, lane, seconds, accepted, succeeded, failed, cancelled, queued,
        running, outbox_depth, outbox_age_seconds, workers, slots, waiting, computing)
    SELECT 3600, hour, lane, sum(seconds), sum(accepted), sum(succeeded), sum(failed),
           sum(cancelled), max(queued), max(running), max(outbox_depth), max(outbox_age_seconds),
           min(workers), min(slots), histograms.waiting, histograms.computing
    FROM minutes JOIN histograms USING (hour, lane)
    GROUP BY hour, lane, histograms.waiting, histograms.computing
    ON CONFLICT DO NOTHING""")

#: What has not ended yet was written before the clock was set back: such an hour is folded again.
_PRUNE = text("""
    DELETE FROM history
    WHERE step_seconds = 60
      AND (started_at < now() - make_interval(secs => :minutes_kept) OR started_at > now())
       OR step_seconds = 3600
      AND (started_at < now() - make_interval(secs => :hours_kept)
           OR started_at > now() - interval '1 hour')""")

_LIST = text("""
    SELECT started_at, lane, seconds, accepted, succeeded, failed, cancelled, queued, running,
           outbox_depth, outbox_age_seconds, workers, slots, waiting, computing
    FROM history
    WHERE step_seconds = :step_seconds AND started_at >= :since AND started_at <= now()
    ORDER BY started_at""")

#: The primary key begins with the length of the step: each minimum is one step through it.
_FIND_SPAN = text("""
    SELECT now(), least((SELECT min(started_at) FROM history WHERE step_seconds = 60),
                        (SELECT min(started_at) FROM history WHERE step_seconds = 3600)),
           (SELECT max(read_at) FROM history_totals)""")


@dataclass(frozen=True, slots=True)
class Step:
    """What happened in a lane from `started_at` on, in the `seconds` of it that were counted."""

    started_at: datetime
    lane: Lane
    seconds: float
    accepted: int
    succeeded: int
    failed: int
    cancelled: int
    queued: int
    running: int
    outbox_depth: int
    outbox_age_seconds: float
    workers: int
    slots: int
    waiting: tuple[int, ...]
    computing: tuple[int, ...]


class Span(NamedTuple):
    """PostgreSQL's time, when the history begins, and when totals were read last."""

    now: datetime
    began_at: datetime | None
    read_at: datetime | None


def record_minute(connection: Connection) -> bool:
    """Store the minute that has ended, and fold and prune the rest; False if that is done.

    After a pause, or a step of PostgreSQL's clock, there is no minute: the next one has a beginning
    again. Nothing of `calculations` is read but its partial indexes of unfinished ones.
    """
    row = connection.execute(_LOCK_TOTALS).one_or_none()
    if row is None or row.is_done:
        return False
    totals = lane_totals(read_metrics(connection).counters)
    if row.seconds is not None and 0 < row.seconds < _LONGEST_MINUTE_SECONDS:
        _insert_minute(connection, row.seconds, _differences(totals, row.totals))
    connection.execute(
        _NOTE_TOTALS,
        {"totals": json.dumps({lane: one.members() for lane, one in totals.items()})},
    )
    connection.execute(_FOLD)
    connection.execute(
        _PRUNE, {"minutes_kept": MINUTES_KEPT_SECONDS, "hours_kept": HOURS_KEPT_SECONDS}
    )
    return True


def find_seconds_to_next_minute(connection: Connection) -> float:
    """Return how long the minute of PostgreSQL's clock still lasts."""
    seconds: float = connection.execute(_SECONDS_TO_NEXT).scalar_one()
    return seconds


def list_steps(connection: Connection, step_seconds: int, since: datetime) -> list[Step]:
    """Return the steps of this length that began then or later, in their order."""
    values = {"step_seconds": step_seconds, "since": since}
    return [
        Step(
            **{
                **row,
                "lane": Lane(row["lane"]),
                "waiting": tuple(row["waiting"]),
                "computing": tuple(row["computing"]),
            }
        )
        for row in connection.execute(_LIST, values).mappings()
    ]


def find_span(connection: Connection) -> Span:
    """Return how far the history reaches."""
    return Span._make(connection.execute(_FIND_SPAN).one())


def _differences(
    totals: Mapping[Lane, LaneTotals], before: Mapping[str, Any]
) -> dict[Lane, LaneTotals]:
    """Return what came since, of the lanes where that is known."""
    found = {}
    for lane, now in totals.items():
        then = read_members(before[lane]) if lane in before else None
        if then is not None and (counted := now.since(then)) is not None:
            found[lane] = counted
    return found


def _insert_minute(
    connection: Connection, seconds: float, counted: Mapping[Lane, LaneTotals]
) -> None:
    depths = {(one.lane, one.state): one.calculations for one in measure_queues(connection)}
    outboxes = measure_outboxes(connection)
    workers, slots = (count(connection, SILENT_SECONDS) for count in (count_workers, count_slots))
    for lane, totals in counted.items():
        connection.execute(
            _INSERT,
            {
                **totals.members(),
                "lane": str(lane),
                "seconds": seconds,
                "queued": depths.get((lane, "queued"), 0) + depths.get((lane, "published"), 0),
                "running": depths.get((lane, "running"), 0),
                "outbox_depth": outboxes[lane].depth,
                "outbox_age_seconds": outboxes[lane].age_seconds,
                "workers": workers.get(lane, 0),
                "slots": slots.get(lane, 0),
                "waiting": list(totals.waiting),
                "computing": list(totals.computing),
            },
        )
