"""A clock of PostgreSQL's that is set back or ahead, and how long that is felt.

The machine's own clock stays as it is: in these databases now() and clock_timestamp() are functions
of the tests', which a search path puts in front of PostgreSQL's.
"""

import os
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from gateway.relay.clock_steps import ClockSteps
from shared.calculation import Lane
from shared.store import leases, outbox, presence
from shared.store.leases import Renewal
from tests.engines import autocommit
from tests.eventually import eventually
from tests.integration.rows import WORKER, claim, expire, queue, row_of, status_of
from workers.presence import Watermark

_HOUR = 3_600
_LEASE_SECONDS = 15

_CLOCK = """
    CREATE SCHEMA tests;
    CREATE TABLE tests.clock (ahead interval NOT NULL);
    INSERT INTO tests.clock VALUES ('0');
    CREATE FUNCTION tests.now() RETURNS timestamptz STABLE LANGUAGE sql
        AS 'SELECT pg_catalog.now() + ahead FROM tests.clock';
    CREATE FUNCTION tests.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql
        AS 'SELECT pg_catalog.clock_timestamp() + ahead FROM tests.clock';
    ALTER TABLE calculations ALTER not_before SET DEFAULT tests.now();
    ALTER TABLE workers ALTER seen_at SET DEFAULT tests.now();
    ALTER DATABASE {database} SET search_path = tests, public, pg_catalog"""


@pytest.fixture
def set_clock(engine):
    """Set PostgreSQL's clock so many seconds ahead of the true time."""
    with engine.begin() as connection:
        connection.execute(text(_CLOCK.format(database=engine.url.database)))
    engine.dispose()  # a search path is a session's from its beginning

    def set_ahead(seconds):
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE tests.clock SET ahead = make_interval(secs => :s)"), {"s": seconds}
            )

    return set_ahead


@pytest.fixture
def steps(engine):
    return ClockSteps(engine, lease_seconds=_LEASE_SECONDS)


@contextmanager
def running_relay(settings, log):
    environment = {
        "RECKONER_DATABASE_URL": settings.database_url,
        "RECKONER_BROKER_URL": settings.broker_url,
        "RECKONER_RESCUE_SECONDS": "0.2",
        "RECKONER_LEASE_SECONDS": "120",  # of which no test sees the end
    }
    with log.open("wb") as stderr:
        relay = subprocess.Popen(
            [sys.executable, "-m", "gateway.relay"], env=os.environ | environment, stderr=stderr
        )
    try:
        yield
    finally:
        relay.terminate()
        assert relay.wait(30) == 0


def publish(engine, lane=Lane.QUICK):
    with (
        autocommit(engine).connect() as connection,
        outbox.taken_due(connection, lane, 100) as due,
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


def test_what_was_due_is_due_again_after_one_look(engine, set_clock, steps):
    with engine.begin() as connection:
        queue(connection, n=1)
        queue(connection, n=2, lane=Lane.HEAVY)
    set_clock(-_HOUR)
    assert steps.correct()
    with engine.begin() as connection:
        assert max(outbox.seconds_to_next(connection).values()) <= 0
        assert len(outbox.seconds_to_next(connection)) == 2


def test_a_pause_before_the_next_attempt_is_left_alone(engine, steps):
    with engine.begin() as connection:
        queue(connection)
        connection.execute(text("UPDATE calculations SET not_before = now() + interval '60 s'"))
    steps.correct()
    with engine.begin() as connection:
        assert outbox.seconds_to_next(connection)[Lane.QUICK] > 50


def test_many_rows_are_put_right_in_batches_and_in_their_order(engine, steps):
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
        claim(connection, calculation, lease_seconds=_LEASE_SECONDS)
    set_clock(-_HOUR)
    steps.correct()
    with engine.begin() as connection:
        assert not expire(connection)  # its worker may be alive, and renew it
    set_clock(-_HOUR + _LEASE_SECONDS)
    steps.correct()
    with engine.begin() as connection:
        assert expire(connection) == {calculation.id: "queued"}


def test_the_lease_of_a_worker_that_is_alive_is_left_alone_however_long(engine, steps):
    seen(engine)
    with engine.begin() as connection:
        calculation = queue(connection, n=1, lane=Lane.HEAVY)
        claim(connection, calculation, lease_seconds=_HOUR)
    steps.correct()
    with engine.begin() as connection:
        assert not expire(connection)
        assert status_of(connection, calculation) == "running"


def test_a_dead_worker_does_not_live_for_an_hour(engine, set_clock, steps):
    seen(engine)
    set_clock(-_HOUR)
    with engine.begin() as connection:
        assert presence.list_workers(connection, 15) == []
        assert presence.count_slots(connection, 15) == {}
    steps.correct()
    set_clock(-_HOUR + 61)
    with engine.begin() as connection:
        presence.delete_silent_workers(connection, 60)
        assert connection.execute(text("SELECT count(*) FROM workers")).scalar_one() == 0


def test_a_message_lost_before_the_clock_was_set_back_is_published_again(engine, set_clock, steps):
    with engine.begin() as connection:
        calculation = queue(connection)
    publish(engine)
    set_clock(-_HOUR)
    steps.correct()
    assert republish_lost(engine, queue_is_empty=True) == set()
    set_clock(-_HOUR + 31)
    assert republish_lost(engine, queue_is_empty=True) == {calculation.id}


def test_a_backlog_is_not_doubled_after_the_clock_was_set_back(engine, set_clock, steps):
    """A worker has come to messages that were published in what is the future now."""
    seen(engine, lane=Lane.QUICK, consumed_published_at=datetime.now(UTC) - timedelta(seconds=1))
    set_clock(-_HOUR)
    with engine.begin() as connection:
        queue(connection)
        connection.execute(text("UPDATE calculations SET not_before = now()"))
    assert publish(engine)
    set_clock(-_HOUR + 31)
    steps.correct()
    assert republish_lost(engine, queue_is_empty=False) == set()


def test_a_worker_tells_of_the_last_message_and_not_of_the_newest():
    watermark = Watermark()
    before, after = datetime(2030, 1, 1, 12, tzinfo=UTC), datetime(2030, 1, 1, 11, tzinfo=UTC)
    watermark.note(before)
    watermark.note(after)
    watermark.note(None)
    assert watermark() == after


@pytest.mark.parametrize(("ahead", "told"), [(-_HOUR, "back by 3600"), (_HOUR, "ahead by 3600")])
def test_a_step_is_noticed_between_two_looks(set_clock, steps, caplog, ahead, told):
    steps.correct()
    steps.correct()
    assert not caplog.records
    set_clock(ahead)
    steps.correct()
    assert told in caplog.text
    caplog.clear()
    steps.correct()
    assert not caplog.records


def test_a_slow_answer_is_no_step(engine, set_clock, caplog):
    now = 1_000_000_000.0
    answers = iter([now, now + 1.5])
    steps = ClockSteps(engine, lease_seconds=_LEASE_SECONDS, read=lambda _: next(answers))
    steps.correct()
    assert steps.correct()
    assert not caplog.records


def test_a_relay_publishes_what_a_clock_set_back_left_in_the_future(engine, settings, tmp_path):
    with engine.begin() as connection:
        calculation = queue(connection)
        connection.execute(text("UPDATE calculations SET not_before = now() + interval '1 hour'"))

    def is_published():
        with engine.begin() as connection:
            return connection.execute(
                text("SELECT published_at FROM calculations WHERE id = :id"),
                {"id": calculation.id},
            ).scalar_one()

    with running_relay(settings, tmp_path / "relay.log"):
        eventually(is_published)


def test_a_relay_takes_no_lease_from_a_worker_because_the_clock_was_set_ahead(
    engine, settings, set_clock, tmp_path
):
    log = tmp_path / "relay.log"
    worker_id = uuid4()
    with engine.begin() as connection:
        calculation = queue(connection, n=1, lane=Lane.HEAVY)
        claim(connection, calculation, worker_id=worker_id, lease_seconds=100)
        lost = queue(connection, n=2, lane=Lane.HEAVY)
        claim(connection, lost, worker_id=worker_id, lease_seconds=0)
    with running_relay(settings, log):
        # It looks, and takes what did run out.
        eventually(lambda: read(engine, lost).status == "queued")
        set_clock(_HOUR)
        eventually(lambda: "stepped ahead by 3600" in log.read_text())
        with engine.begin() as connection:
            renewed = leases.extend_leases(
                connection,
                [Renewal(calculation.id, 1, 0.5)],
                worker_id=worker_id,
                lease_seconds=_LEASE_SECONDS,
            )
        assert calculation.id in renewed
    assert read(engine, calculation).status == "running"


def read(engine, calculation):
    with engine.begin() as connection:
        return row_of(connection, calculation)
