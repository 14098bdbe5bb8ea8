"""Statements on the whole system: workers, lanes, the outbox and recent results."""

from uuid import uuid4

from sqlalchemy import text

from shared.calculation import Lane
from shared.failures import failure_json
from shared.store import attempts, new_calculations, presence, quick
from shared.store.new_calculations import New
from shared.store.outbox import heavy_outbox, outbox
from shared.store.totals import system
from shared.store.totals.system import LaneState, OutboxState
from tests.factories import make_calculation, make_result
from tests.integration.rows import WORKER, change, claim, queue


def test_workers_are_listed_with_what_they_run_until_they_fall_silent(connection):
    made = [queue(connection, n=n, lane=Lane.HEAVY) for n in (1, 2, 3)]
    idle = uuid4()
    for worker_id, slots in ((WORKER, 2), (idle, 3)):
        presence.upsert_worker(connection, worker_id, host="h", pid=1, lane=Lane.HEAVY, slots=slots)
    claims = [claim(connection, calculation) for calculation in made]
    attempts.finish_succeeded(connection, claims[0], make_result(), worker_id=WORKER)
    listed = {worker.id: worker for worker in presence.list_workers(connection, 15)}
    assert {identity: worker.slots for identity, worker in listed.items()} == {
        WORKER: 2,
        idle: 3,
    }
    assert set(listed[WORKER].running) == {str(one.id) for one in made[1:]}
    assert listed[idle].running == []
    connection.execute(text("UPDATE workers SET seen_at = now() - interval '16s'"))
    assert presence.list_workers(connection, 15) == []
    presence.upsert_worker(connection, idle, host="h", pid=1, lane=Lane.HEAVY, slots=3)
    assert [worker.id for worker in presence.list_workers(connection, 15)] == [idle]


def test_rows_of_silent_workers_go_and_others_stay(connection):
    silent, alive, gone = uuid4(), uuid4(), uuid4()
    for worker_id, seconds in ((silent, 61), (alive, 59), (gone, 0)):
        presence.upsert_worker(connection, worker_id, host="h", pid=1, lane=Lane.QUICK, slots=1)
        connection.execute(
            text("UPDATE workers SET seen_at = now() - make_interval(secs => :s) WHERE id = :id"),
            {"s": seconds, "id": worker_id},
        )
    presence.delete_worker(connection, gone)
    presence.delete_silent_workers(connection, 60)
    assert connection.execute(text("SELECT id FROM workers")).scalars().all() == [alive]


def test_the_system_counts_what_waits_and_what_was_done(connection):
    made = [queue(connection, n=n) for n in (1, 2)]
    later = queue(connection, n=3)
    unknown = queue(connection, n=10)
    change(connection, unknown, "estimate_seconds = NULL, not_before = now() + interval '1s'")
    heavy = [queue(connection, n=n, lane=Lane.HEAVY) for n in (4, 5)]
    for calculation, age in ((made[0], 40), (made[1], 20), (later, -60), (heavy[0], 0)):
        change(connection, calculation, f"not_before = now() - interval '{age}s'")
    for calculation, seconds in (
        (made[0], 1),
        (made[1], 2),
        (later, 4),
        (heavy[0], 8),
        (heavy[1], 40),
    ):
        change(connection, calculation, f"estimate_seconds = {seconds}")
    claim(connection, heavy[1])
    change(connection, heavy[1], "progress = 0.75")
    done = [make_calculation(arguments={"n": n}) for n in (6, 7, 8)]
    for one in done:
        new_calculations.insert_new([New(one, make_result(), "request")]).on(connection)
    change(connection, done[2], "finished_at = now() - interval '61s'")
    failed = queue(connection, n=9)
    quick.finish_quick_failed(connection, {failed.id: failure_json("function-failed", ".")})
    assert system.count_lanes(connection) == {
        Lane.QUICK: LaneState(
            4, 0, 0, seconds_to_go=7, without_estimate=1, oldest_queued_seconds=40
        ),
        Lane.HEAVY: LaneState(
            1, 0, 1, seconds_to_go=18, without_estimate=0, oldest_queued_seconds=0
        ),
    }
    assert system.measure_outbox(connection) == OutboxState(depth=3, age_seconds=40)
    assert system.count_finished_last_minute(connection) == {"succeeded": 2, "failed": 1}
    outbox.take_due(9).on(connection)
    heavy_outbox.take_heavy(9).on(connection)
    assert system.measure_outbox(connection) == OutboxState(depth=0, age_seconds=0)
    assert [state.published for state in system.count_lanes(connection).values()] == [2, 1]


def test_heavy_rows_that_wait_for_room_are_no_backlog_of_the_outbox(connection):
    presence.upsert_worker(connection, WORKER, host="h", pid=1, lane=Lane.HEAVY, slots=2)
    made = [queue(connection, n=n, lane=Lane.HEAVY) for n in range(9)]
    for calculation in made:
        change(connection, calculation, "estimate_seconds = 60, not_before = now() - interval '1h'")
    assert system.measure_outbox(connection) == OutboxState(depth=2, age_seconds=3_600)
    for calculation, seconds in ((made[0], 50), (made[1], 40)):
        change(connection, calculation, f"published_at = now() - interval '{seconds}s'")
    assert system.measure_outbox(connection) == OutboxState(depth=0, age_seconds=0)
    # A claim makes room. The relay should have filled it since.
    claim(connection, made[0])
    change(connection, made[0], "started_at = now() - interval '30s'")
    assert system.measure_outbox(connection) == OutboxState(depth=1, age_seconds=30)
    change(connection, made[1], "published_at = now() - interval '20s'")
    assert system.measure_outbox(connection) == OutboxState(depth=1, age_seconds=20)


def test_a_long_one_behind_short_ones_that_wait_for_slots_is_no_backlog_of_the_outbox(connection):
    presence.upsert_worker(connection, WORKER, host="h", pid=1, lane=Lane.HEAVY, slots=2)
    short = [queue(connection, n=n, lane=Lane.HEAVY) for n in range(2)]
    for calculation in short:
        change(connection, calculation, "estimate_seconds = 0.5, published_at = now()")
    long = queue(connection, n=9, lane=Lane.HEAVY)
    change(connection, long, "estimate_seconds = 60")
    assert heavy_outbox.take_heavy(9).on(connection).due == []
    assert system.measure_outbox(connection) == OutboxState(depth=0, age_seconds=0)
    change(connection, long, "estimate_seconds = 3")
    assert system.measure_outbox(connection).depth == 1
    assert len(heavy_outbox.take_heavy(9).on(connection).due) == 1


def test_relays_are_listed_with_what_hinders_each_lane_until_they_go(connection):
    first, second, silent = uuid4(), uuid4(), uuid4()
    for relay_id in (first, second, silent):
        presence.upsert_relay(connection, relay_id, host="h", pid=7, problems={Lane.QUICK: "full"})
    presence.upsert_relay(connection, second, host="h", pid=7, problems={Lane.HEAVY: "refused"})
    for relay_id, seconds in ((first, 30), (second, 5), (silent, 61)):
        connection.execute(
            text("UPDATE relays SET seen_at = now() - make_interval(secs => :s) WHERE id = :id"),
            {"s": seconds, "id": relay_id},
        )
    presence.delete_silent_relays(connection, 60)
    listed = presence.list_relays(connection)
    assert [(one.id, one.pid, one.silent_seconds, one.problems) for one in listed] == [
        (second, 7, 5, {Lane.HEAVY: "refused"}),
        (first, 7, 30, {Lane.QUICK: "full"}),
    ]
    presence.upsert_relay(connection, first, host="h", pid=7, problems={})
    latest, _ = presence.list_relays(connection)
    assert (latest.id, latest.silent_seconds, latest.problems) == (first, 0, {})
    presence.delete_relay(connection, first)
    assert [one.id for one in presence.list_relays(connection)] == [second]
