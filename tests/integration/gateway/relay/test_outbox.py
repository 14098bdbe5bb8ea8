"""What the relay takes, and what it takes back: each lane by itself, oldest first."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.calculation import Lane, Status
from shared.store import presence
from shared.store.outbox import outbox
from tests.engines import autocommit
from tests.eventually import eventually
from tests.factories import make_calculation
from tests.integration.lanes import Feed, WorkerThread, body_of, make_test_calculation
from tests.integration.rows import (
    WORKER,
    cancel,
    change,
    claim,
    queue,
    stored,
    take_due,
    without_indexes,
)


def take(connection, *, lane=Lane.QUICK, limit=10):
    """Return the ids of what is taken, in order."""
    return [one.work.calculation_id for one in take_due(connection, lane, limit)]


def publish(connection, calculation, *, seconds_ago):
    change(connection, calculation, f"published_at = now() - interval '{seconds_ago}s'")


def republish_lost(connection, lane, *, queue_is_empty=False, limit=9):
    return outbox.republish_lost(
        connection, lane, queue_is_empty=queue_is_empty, older_than_seconds=60, limit=limit
    )


def note_consumed(connection, lane, *, seconds_ago):
    """Have a worker say that it has come to messages that were published then."""
    consumed = connection.execute(
        text("SELECT now() - make_interval(secs => :seconds)"), {"seconds": seconds_ago}
    ).scalar_one()
    presence.upsert_worker(
        connection, uuid4(), host="h", pid=1, lane=lane, slots=1, consumed_published_at=consumed
    )


def test_due_rows_are_taken_with_everything_for_a_message(connection):
    calculation = queue(connection)
    (due,) = outbox.take_due(10).on(connection)
    work = due.work
    assert (work.calculation_id, work.arguments_text) == (calculation.id, '{"n":1000}')
    assert (work.function, work.function_version) == ("fibonacci", 1)
    assert work.request_id == "request"
    assert due.estimate_seconds == calculation.estimate.seconds
    assert stored(connection, calculation, "published_at >= now()")
    assert take(connection) == []


def test_rows_are_taken_in_the_order_in_which_they_are_due(connection):
    without_indexes(connection)
    made = [queue(connection, n=n) for n in range(6)]
    for calculation, age in zip(made, (3, 1, 6, 2, 5, 4), strict=True):
        change(connection, calculation, f"not_before = now() - interval '{age}s'")
    in_order = [made[index].id for index in (2, 4, 5, 0, 3, 1)]
    assert take(connection, limit=4) == in_order[:4]
    assert take(connection, limit=4) == in_order[4:]


def test_rows_are_not_taken_before_they_are_due(connection):
    later, now = queue(connection, n=1), queue(connection, n=2)
    change(connection, later, "not_before = now() + interval '1s'")
    assert take(connection) == [now.id]
    assert outbox.seconds_to_next(connection) == {Lane.QUICK: pytest.approx(1)}
    change(connection, later, "not_before = now()")
    assert take(connection) == [later.id]


def test_a_lane_is_taken_by_itself(connection):
    quick, heavy = queue(connection, n=1), queue(connection, n=2, lane=Lane.HEAVY)
    assert take(connection, lane=Lane.HEAVY) == [heavy.id]
    assert take(connection) == [quick.id]


def test_only_queued_rows_are_taken(connection):
    cancelled, running = queue(connection, n=1), queue(connection, n=2, lane=Lane.HEAVY)
    cancel(connection, cancelled)
    claim(connection, running)
    assert take(connection) + take(connection, lane=Lane.HEAVY) == []
    assert outbox.seconds_to_next(connection) == {}


def test_the_outbox_gives_each_row_to_one_relay(engine, connection):
    first, second = queue(connection, n=1), queue(connection, n=2)
    change(connection, first, "not_before = now() - interval '1s'")
    connection.commit()
    with engine.begin() as one, engine.begin() as other:
        other.execute(text("SET LOCAL lock_timeout = '2s'"))
        assert take(one, limit=1) == [first.id]
        assert take(other) == [second.id]


def test_the_seconds_to_the_next_due_row_are_by_lane(connection):
    without_indexes(connection)
    waits = {Lane.QUICK: (30, 20), Lane.HEAVY: (-5, 40)}
    for lane, seconds in waits.items():
        for n, wait in enumerate(seconds):
            calculation = queue(connection, n=n + 10 * (lane is Lane.HEAVY), lane=lane)
            change(connection, calculation, f"not_before = now() + interval '{wait}s'")
    expected = {Lane.QUICK: pytest.approx(20), Lane.HEAVY: pytest.approx(-5)}
    assert outbox.seconds_to_next(connection) == expected


def test_rows_are_marked_once_their_messages_are_published_and_not_before(engine):
    with engine.begin() as connection:
        calculation = queue(connection)
    at_once = autocommit(engine)
    for published in (False, True):
        with at_once.connect() as connection:
            try:
                with outbox.taken(connection, outbox.take_due(10).on) as due:
                    assert [one.work.calculation_id for one in due] == [calculation.id]
                    if not published:
                        raise ConnectionError("RabbitMQ is unavailable")
            except ConnectionError:
                pass
        with engine.begin() as connection:
            assert stored(connection, calculation, "published_at IS NOT NULL") is published


def test_only_refused_rows_stay_in_the_outbox(engine):
    with engine.begin() as connection:
        made = [queue(connection, n=n) for n in range(4)]
    refused = {made[1].id, made[2].id}
    with (
        autocommit(engine).connect() as connection,
        outbox.taken(connection, outbox.take_due(10).on),
    ):
        outbox.put_back(connection, refused)
    with engine.begin() as connection:
        assert set(take(connection)) == refused


@pytest.mark.parametrize("lane", Lane)
def test_a_message_that_is_missing_from_an_empty_queue_is_lost_after_its_time(connection, lane):
    without_indexes(connection)
    old, new = (queue(connection, n=n, lane=lane) for n in (1, 2))
    (other,) = (one for one in Lane if one is not lane)
    stranger = queue(connection, n=3, lane=other)
    for calculation, seconds in ((old, 61), (new, 59), (stranger, 90)):
        publish(connection, calculation, seconds_ago=seconds)
    assert outbox.oldest_waiting_seconds(connection, lane) == pytest.approx(61)
    assert outbox.oldest_waiting_seconds(connection, other) == pytest.approx(90)
    assert republish_lost(connection, lane, queue_is_empty=True) == {old.id}
    assert take(connection, lane=lane) == [old.id]
    assert take(connection, lane=other) == []


def test_running_and_final_rows_are_not_lost(connection):
    running, cancelled = (queue(connection, n=n, lane=Lane.HEAVY) for n in (1, 2))
    for calculation in (running, cancelled):
        publish(connection, calculation, seconds_ago=90)
    claim(connection, running)
    cancel(connection, cancelled)
    assert republish_lost(connection, Lane.HEAVY, queue_is_empty=True) == set()
    assert outbox.oldest_waiting_seconds(connection, Lane.HEAVY) == 0


def test_lost_messages_return_oldest_first_and_are_due_at_once(connection):
    without_indexes(connection)
    made = [queue(connection, n=n) for n in range(3)]
    for calculation, seconds in zip(made, (80, 90, 70), strict=True):
        publish(connection, calculation, seconds_ago=seconds)
        change(connection, calculation, "not_before = now() - interval '1h'")
    assert republish_lost(connection, Lane.QUICK, queue_is_empty=True, limit=2) == {
        made[0].id,
        made[1].id,
    }
    assert stored(connection, made[1], "now() - not_before") == timedelta()
    assert set(take(connection)) == {made[0].id, made[1].id}


@pytest.mark.parametrize("lane", Lane)
def test_a_lanes_watermarks_show_lost_messages_of_that_lane_alone(connection, lane):
    (other,) = (one for one in Lane if one is not lane)
    passed, recent, stranger = (
        queue(connection, n=n, lane=of) for n, of in ((1, lane), (2, lane), (3, other))
    )
    for calculation, seconds in ((passed, 600), (recent, 300), (stranger, 600)):
        publish(connection, calculation, seconds_ago=seconds)
    assert republish_lost(connection, lane) == set()  # nobody has come to anything
    # One that has come far is enough; one that has come nowhere says nothing.
    for seconds_ago in (800, 330, 700):
        note_consumed(connection, lane, seconds_ago=seconds_ago)
    presence.upsert_worker(connection, WORKER, host="h", pid=1, lane=lane, slots=1)
    assert republish_lost(connection, other) == set()
    assert republish_lost(connection, lane) == {passed.id}
    note_consumed(connection, lane, seconds_ago=250)  # 50 s after the other: not long enough
    assert republish_lost(connection, lane) == set()
    note_consumed(connection, lane, seconds_ago=239)
    assert republish_lost(connection, lane) == {recent.id}


@pytest.mark.parametrize("lane", Lane)
def test_workers_of_both_lanes_report_their_watermark(
    settings, engine, registry, monkeypatch, lane
):
    monkeypatch.setattr("workers.presence._HEARTBEAT_SECONDS", 0.05)
    feed = Feed(settings, engine)
    if lane is Lane.QUICK:
        made = [make_calculation(arguments={"n": n}) for n in (1, 2)]
    else:
        made = [make_test_calculation("whole", n, lane) for n in (1, 2)]
    feed.insert(*made)
    with engine.begin() as connection:
        publish(connection, made[0], seconds_ago=5)
        published = [stored(connection, one, "published_at") for one in made]
    come_to = (
        "SELECT consumed_published_at FROM workers"
        " WHERE seen_at > (SELECT max(finished_at) FROM calculations)"
    )
    with WorkerThread(settings, lane, registry):
        # The last one counts: the clock may have been set back since the newest.
        for calculation, at in reversed(list(zip(made, published, strict=True))):
            feed.publish(lane, body_of(calculation))
            feed.wait_for(Status.SUCCEEDED, calculation)
            eventually(lambda at=at: feed.scalar(f"SELECT ({come_to})") == at)  # type: ignore[misc]
