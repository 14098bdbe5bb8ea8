"""Rows as relays and workers write them, for the page that shows them."""

import math
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, text

from shared.calculation import Lane
from shared.failures import failure_json
from shared.metrics.catalogue import BUSY_SLOTS, DEAD_LETTERS
from shared.metrics.counters import Counters
from shared.store import presence
from shared.store.metrics import ProcessKind
from shared.store.metrics_row import MetricsRow, write_metrics
from tests.integration.rows import claim, queue

OFFERS = ["factorial/1", "fibonacci/1"]

_STEP = text("""
    INSERT INTO history
    SELECT CAST(:step AS integer),
           date_trunc(:unit, now() - make_interval(secs => :ago), 'UTC'), :lane, :step, :accepted,
           :succeeded, :failed, 0, :queued, 2, 0, :age, 2, 4, CAST(:waiting AS bigint[]),
           CAST(:computing AS bigint[])
    ON CONFLICT DO NOTHING""")


def put_processes(engine: Engine, *lanes: Lane, offers: list[str] | None = None) -> None:
    """A relay and workers that are alive for an hour, whatever the test takes."""
    with engine.begin() as connection:
        presence.upsert_relay(connection, uuid4(), host="relay-1", pid=311, problems={})
        for lane in lanes or Lane:
            presence.upsert_worker(
                connection,
                uuid4(),
                host=f"{lane}-1",
                pid=412,
                lane=lane,
                slots=4,
                offers=OFFERS if offers is None else offers,
            )
        connection.execute(text("UPDATE relays SET started_at = now() - interval '3 days'"))


def stay_alive(engine: Engine) -> None:
    """Have their last heartbeat be now."""
    with engine.begin() as connection:
        for table in ("relays", "workers"):
            connection.execute(text(f"UPDATE {table} SET seen_at = now()"))


def put_minutes(engine: Engine, *, minutes: int = 58, gap: range = range(0)) -> None:
    """A history by the minute, with a gap, that goes up and down."""
    steps = [(60, "minute", 60 * ago, ago) for ago in range(1, minutes + 1) if ago not in gap]
    _put_steps(engine, steps)


def put_hours(engine: Engine, *, hours: int = 400) -> None:
    """A history by the hour."""
    _put_steps(engine, [(3600, "hour", 3600 * ago, ago) for ago in range(1, hours + 1)])


def _put_steps(engine: Engine, steps: list[tuple[int, str, int, int]]) -> None:
    rows = [_row(*step, lane) for step in steps for lane in Lane]
    with engine.begin() as connection:
        connection.execute(_STEP, rows)


def _row(step: int, unit: str, ago: int, place: int, lane: Lane) -> dict[str, Any]:
    wave = 1 + math.sin(place / 7) * 0.6 + (0.5 if place % 11 == 0 else 0)
    count = int(step / 60 * wave * (420 if lane is Lane.QUICK else 30))
    return {
        "step": step,
        "unit": unit,
        "ago": ago,
        "lane": str(lane),
        "accepted": count,
        "succeeded": int(count * 0.96),
        "failed": int(count * 0.02) if place % 5 else 0,
        "queued": int(wave * 40) if lane is Lane.QUICK else int(20 + wave * 9),
        "age": 0.02 * wave,
        "waiting": _spread(count, 1 if lane is Lane.QUICK else 4),
        "computing": _spread(count, 1 if lane is Lane.QUICK else 5),
    }


def _spread(count: int, place: int) -> list[int]:
    buckets = [0] * 12
    buckets[place] = int(count * 0.7)
    buckets[place + 1] = int(count * 0.28)
    buckets[place + 2] = count - sum(buckets)
    return buckets


def put_work(engine: Engine) -> None:
    """Calculations that wait, run and have failed."""
    with engine.begin() as connection:
        heavy = connection.execute(
            text("SELECT id FROM workers WHERE lane = 'heavy' LIMIT 1")
        ).scalar_one()
        for n in range(3):
            calculation = queue(connection, n=9_000_000 + n, lane=Lane.HEAVY)
            claim(connection, calculation, worker_id=heavy, lease_seconds=3_600)
        connection.execute(
            text("UPDATE calculations SET progress = 0.42, started_at = now() - interval '95 s'")
        )
        for n in range(12):
            queue(connection, n=1_000 + n)
        for n, reason in enumerate(["time-limit", "memory-limit", "time-limit"]):
            failed = queue(connection, n=50_000 + n, lane=Lane.HEAVY)
            connection.execute(
                text("""
                UPDATE calculations SET status = 'failed', finished_at = now() - interval '9 min',
                    error = CAST(:error AS jsonb) WHERE id = :id"""),
                {"error": failure_json(reason, "It failed."), "id": failed.id},
            )


def put_gauges(engine: Engine, *, dead: int = 0, busy: int = 3) -> None:
    """What processes say of themselves: dead letters of the quick lane, busy slots."""
    counters = Counters()
    counters.set_gauge(DEAD_LETTERS, dead, "quick")
    counters.set_gauge(DEAD_LETTERS, 0, "heavy")
    for lane in Lane:
        counters.set_gauge(BUSY_SLOTS, busy, lane)
    write_metrics(engine, MetricsRow(counters, ProcessKind.RELAY))
