"""Times that a clock set back has left in the future are corrected, and no others."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from shared.calculation import Lane
from shared.store import presence
from shared.store.outbox import outbox
from tests.engines import autocommit
from tests.integration.gateway.relay.postgres_clock import HOUR, LEASE_SECONDS
from tests.integration.rows import WORKER, claim, expire, queue, status_of, take_due
from workers.presence import Watermark


def publish(engine, lane=Lane.QUICK):
    with (
        autocommit(engine).connect() as connection,
        outbox.taken(connection, lambda found: take_due(found, lane, 100)) as due,
    ):
        return [one.work.calculation_id for one in due]


def republish_lost(engine, *, queue_is_empty):
    with engine.begin() as connection:
        return outbox.republish_lost(
            connection,
            Lane.QUICK,
            queue_is_empty=queue_is_empty,
            older_than_seconds=30,
            limit=100,
        )


def seen(engine, worker_id=WORKER, *, lane=Lane.HEAVY, consumed_published_at=None):
    with engine.begin() as connection:
        presence.upsert_worker(
            connection,
            worker_id,
            host="host",
            pid=1,
            lane=lane,
            slots=1,
            consumed_published_at=consumed_published_at,
        )


def test_rows_that_were_due_are_due_again_after_one_correction(engine, set_clock, steps):
    with engine.begin() as connection:
        queue(connection, n=1)
        queue(connection, n=2, lane=Lane.HEAVY)
    set_clock(-HOUR)
    assert steps.correct()
    with engine.begin() as connection:
        assert max(outbox.seconds_to_next(connection).values()) <= 0
        assert len(outbox.seconds_to_next(connection)) == 2


def test_a_backoff_is_left_alone(engine, steps):
    with engine.begin() as connection:
        queue(connection)
        connection.execute(text("UPDATE calculations SET not_before = now() + interval '60 s'"))
    steps.correct()
    with engine.begin() as connection:
        assert outbox.seconds_to_next(connection)[Lane.QUICK] > 50


def test_many_rows_are_corrected_in_batches_and_in_their_order(engine, steps):
    with engine.begin() as connection:
        connection.execute(
            text("""
            INSERT INTO calculations (id, function, version, arguments, status, lane, not_before,
                                      estimate_seconds, estimate_digits, estimate_bytes)
            SELECT gen_random_uuid(), 'f', 1, '{}', 'queued', 'quick',
                   now() + interval '1 hour' + make_interval(secs => number), number, 1, 1
            FROM generate_series(1, 2500) AS number""")
        )
    steps.correct()
    with engine.begin() as connection:
        due = connection.execute(
            text("SELECT count(*) FROM calculations WHERE not_before <= now()")
        ).scalar_one()
        first = connection.execute(
            text("SELECT estimate_seconds FROM calculations ORDER BY not_before LIMIT 1000")
        ).scalars()
        assert max(first) == 1_000
    assert due == 2_500


def test_the_lease_of_a_dead_worker_ends_as_if_the_clock_had_not_been_set(engine, set_clock, steps):
    seen(engine)
    with engine.begin() as connection:
        calculation = queue(connection, n=1, lane=Lane.HEAVY)
        claim(connection, calculation, lease_seconds=LEASE_SECONDS)
    set_clock(-HOUR)
    steps.correct()
    with engine.begin() as connection:
        assert not expire(connection)  # its worker may be alive, and renew it
    set_clock(-HOUR + LEASE_SECONDS)
    steps.correct()
    with engine.begin() as connection:
        assert expire(connection) == {calculation.id: "queued"}


def test_the_lease_of_a_live_worker_is_left_alone_however_long(engine, steps):
    seen(engine)
    with engine.begin() as connection:
        calculation = queue(connection, n=1, lane=Lane.HEAVY)
        claim(connection, calculation, lease_seconds=HOUR)
    steps.correct()
    with engine.begin() as connection:
        assert not expire(connection)
        assert status_of(connection, calculation) == "running"


def test_a_dead_worker_is_not_listed_after_the_clock_was_set_back(engine, set_clock, steps):
    seen(engine)
    set_clock(-HOUR)
    with engine.begin() as connection:
        assert presence.list_workers(connection, 15) == []
        assert presence.count_slots(connection, 15) == {}
    steps.correct()
    set_clock(-HOUR + 61)
    with engine.begin() as connection:
        presence.delete_silent_workers(connection, 60)
        assert connection.execute(text("SELECT count(*) FROM workers")).scalar_one() == 0


def test_a_message_lost_before_the_clock_was_set_back_is_published_again(engine, set_clock, steps):
    with engine.begin() as connection:
        calculation = queue(connection)
    publish(engine)
    set_clock(-HOUR)
    steps.correct()
    assert republish_lost(engine, queue_is_empty=True) == set()
    set_clock(-HOUR + 31)
    assert republish_lost(engine, queue_is_empty=True) == {calculation.id}


def test_a_backlog_is_not_doubled_after_the_clock_was_set_back(engine, set_clock, steps):
    """A worker has come to messages that were published in what is the future now."""
    seen(engine, lane=Lane.QUICK, consumed_published_at=datetime.now(UTC) - timedelta(seconds=1))
    set_clock(-HOUR)
    with engine.begin() as connection:
        queue(connection)
        connection.execute(text("UPDATE calculations SET not_before = now()"))
    assert publish(engine)
    set_clock(-HOUR + 31)
    steps.correct()
    assert republish_lost(engine, queue_is_empty=False) == set()


def test_a_watermark_is_the_last_message_and_not_the_newest():
    watermark = Watermark()
    before, after = datetime(2030, 1, 1, 12, tzinfo=UTC), datetime(2030, 1, 1, 11, tzinfo=UTC)
    watermark.note(before)
    watermark.note(after)
    watermark.note(None)
    assert watermark() == after
