"""What happened in each minute and each hour, whoever writes it and whatever the clock does."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text

from shared.calculation import Lane
from shared.metrics.catalogue import ACCEPTED, COMPUTE_SECONDS, FINISHED, WAITING_SECONDS
from shared.metrics.counters import Counters
from shared.store.history import (
    HOUR_SECONDS,
    MINUTE_SECONDS,
    find_span,
    list_steps,
    record_minute,
)
from shared.store.metrics import ProcessKind, add_to_retired
from shared.store.metrics_row import MetricsRow, write_metrics
from tests.factories import MOMENT
from tests.integration.rows import queue

LONG_AGO = MOMENT.replace(year=2000)


class Counting(Counters):
    """What one process counts; `write` stores it."""

    def __init__(self, engine):
        super().__init__()
        self._engine = engine
        self._row = MetricsRow(self, ProcessKind.QUICK)

    def write(self):
        write_metrics(self._engine, self._row)


@pytest.fixture
def counters(engine):
    return Counting(engine)


def record(engine, *, age="60 seconds"):
    """Record a minute, as if the totals had been read so long ago."""
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE history_totals SET read_at = now() - interval '{age}'"))
        return record_minute(connection)


def steps(engine, seconds=MINUTE_SECONDS, lane=Lane.QUICK):
    with engine.begin() as connection:
        return [one for one in list_steps(connection, seconds, LONG_AGO) if one.lane is lane]


def shift(engine, interval):
    with engine.begin() as connection:
        connection.execute(
            text(f"UPDATE history SET started_at = started_at - interval '{interval}'")
        )


def begin(engine):
    with engine.begin() as connection:
        record_minute(connection)


def test_a_minute_is_what_was_counted_since_the_last(engine, counters):
    counters.add(ACCEPTED, "fibonacci", "quick", amount=100)
    counters.write()
    begin(engine)
    assert steps(engine) == []  # there is nothing to compare with
    counters.add(ACCEPTED, "fibonacci", "quick", amount=7)
    counters.add(ACCEPTED, "factorial", "quick")
    counters.add(FINISHED, "fibonacci", "quick", "succeeded", amount=5)
    counters.add(FINISHED, "fibonacci", "quick", "failed", amount=2)
    counters.add(FINISHED, "fibonacci", "heavy", "cancelled")
    counters.observe_all(WAITING_SECONDS, [0.002, 0.003, 9_999.0], "quick")
    counters.observe(COMPUTE_SECONDS, 0.2, "fibonacci", "heavy")
    counters.write()
    with engine.begin() as connection:
        queue(connection)
    assert record(engine)
    (quick,), (heavy,) = steps(engine), steps(engine, lane=Lane.HEAVY)
    assert (quick.accepted, quick.succeeded, quick.failed, quick.cancelled) == (8, 5, 2, 0)
    assert (quick.queued, quick.running, quick.outbox_depth, quick.workers) == (1, 0, 1, 0)
    assert quick.seconds == pytest.approx(60, abs=1)
    assert quick.waiting == (0, 2, *[0] * 9, 1)
    assert (heavy.accepted, heavy.cancelled, sum(heavy.computing)) == (0, 1, 1)


def test_a_minute_that_is_stored_is_not_begun_again(engine):
    with engine.begin() as connection:
        assert record_minute(connection)
        assert not record_minute(connection)  # of the same moment, to PostgreSQL


def test_of_several_relays_one_writes_a_minute(engine):
    begin(engine)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE history_totals SET read_at = now() - interval '60 seconds'")
        )
    found = []
    barrier = threading.Barrier(4)

    def write():
        with engine.begin() as connection:
            connection.execute(text("SELECT 1"))
            barrier.wait()
            found.append(record_minute(connection))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [False, False, False, True]
    assert len(steps(engine)) == 1


@pytest.mark.parametrize("age", ["3 minutes", "5 hours", "-1 hour"])
def test_a_pause_or_a_clock_that_was_set_back_leaves_a_gap(engine, counters, age):
    begin(engine)
    counters.add(ACCEPTED, "fibonacci", "quick", amount=1_000)
    counters.write()
    assert record(engine, age=age)
    assert steps(engine) == []
    counters.add(ACCEPTED, "fibonacci", "quick", amount=3)
    counters.write()
    assert record(engine)
    assert [one.accepted for one in steps(engine)] == [3]


def test_totals_that_have_fallen_are_no_minute(engine, counters):
    counters.add(ACCEPTED, "fibonacci", "quick", amount=10)
    counters.write()
    begin(engine)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM process_metrics"))
    record(engine)
    assert steps(engine) == []
    assert len(steps(engine, lane=Lane.HEAVY)) == 1  # of which nothing has fallen


def test_totals_of_another_version_are_no_minute(engine):
    with engine.begin() as connection:
        connection.execute(text("""UPDATE history_totals SET totals = '{"quick": {"x": 1}}'"""))
    record(engine)
    assert steps(engine) == []


def test_hours_are_the_sums_of_their_minutes(engine):
    retired = Counters()
    begin(engine)
    for accepted in (1, 2, 4):
        retired = Counters()
        retired.add(ACCEPTED, "fibonacci", "quick", amount=accepted)
        retired.observe(WAITING_SECONDS, 0.002, "quick")
        with engine.begin() as connection:
            add_to_retired(connection, retired)
            queue(connection, n=1_000 + accepted)
        record(engine)
        # Backwards, so that all three are in one hour that has ended.
        shift(engine, "1 minute")
    with engine.begin() as connection:
        connection.execute(
            text("""
            UPDATE history SET started_at = date_trunc('hour', now(), 'UTC') - interval '2 hours'
                + (date_trunc('minute', now()) - started_at)""")
        )
    record(engine)
    record(engine)  # folds once
    hour, *_ = steps(engine, HOUR_SECONDS)
    assert (hour.accepted, hour.queued, hour.waiting[1]) == (7, 3, 3)
    assert hour.seconds == pytest.approx(180, abs=3)
    assert hour.started_at.minute == 0


def test_a_relay_that_began_earlier_and_was_slower_writes_no_second_minute(engine):
    begin(engine)
    with engine.begin() as slower:
        slower.execute(text("SELECT 1"))
        with engine.begin() as quicker:
            quicker.execute(text("UPDATE history_totals SET read_at = clock_timestamp()"))
        assert not record_minute(slower)


def test_an_hour_that_was_folded_before_its_end_is_folded_again(engine):
    """The clock was ahead for a while."""
    begin(engine)
    record(engine)
    with engine.begin() as connection:
        for moment in ("now() - interval '1 hour'", "now()"):
            connection.execute(
                text(f"""
                INSERT INTO history
                SELECT 3600, date_trunc('hour', {moment}, 'UTC'), lane, seconds,
                    accepted, succeeded, failed, cancelled, queued, running, outbox_depth,
                    outbox_age_seconds, workers, slots, waiting, computing
                FROM history WHERE lane = 'quick' AND step_seconds = 60""")
            )
    record(engine)
    with engine.begin() as connection:
        now = connection.execute(text("SELECT now()")).scalar_one()
    ended = [one.started_at for one in steps(engine, HOUR_SECONDS)]
    assert ended
    assert max(ended) <= now - timedelta(hours=1)


def test_old_steps_are_pruned_and_those_of_the_future(engine):
    begin(engine)
    record(engine)
    kept = {}
    for step_seconds, ages in ((60, ("47 hours", "49 hours")), (3_600, ("399 days", "401 days"))):
        for age in (*ages, "-2 hours"):
            with engine.begin() as connection:
                connection.execute(
                    text(f"""
                    INSERT INTO history
                    SELECT {step_seconds}, now() - interval '{age}', lane, seconds,
                        accepted, succeeded, failed, cancelled, queued, running, outbox_depth,
                        outbox_age_seconds, workers, slots, waiting, computing
                    FROM history WHERE lane = 'quick' AND step_seconds = 60
                    ORDER BY started_at DESC LIMIT 1""")
                )
    record(engine)
    with engine.begin() as connection:
        for step_seconds in (60, 3_600):
            kept[step_seconds] = connection.execute(
                text(f"""
                SELECT count(*) FROM history WHERE lane = 'quick' AND step_seconds = {step_seconds}
                  AND (started_at < now() - interval '3 hours' OR started_at > now())""")
            ).scalar_one()
    assert kept == {60: 1, 3_600: 1}


def test_the_span_says_how_far_it_reaches(engine):
    with engine.begin() as connection:
        assert find_span(connection)[1:] == (None, None)
    begin(engine)
    record(engine)
    with engine.begin() as connection:
        span = find_span(connection)
    assert span.began_at is not None
    assert span.read_at is not None
    assert span.began_at < span.read_at <= span.now
