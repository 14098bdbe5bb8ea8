"""The running sum of stored results is true, whatever finishes, is removed or is counted when."""

import pytest
from sqlalchemy import text

from shared.errors import CountingTooSlow
from shared.postgres.connections import make_engine
from shared.retention.counting import count_finished
from shared.retention.pace import Pace
from shared.store.retention.counting import GRACE_SECONDS, count_slice
from tests.integration.gateway.relay.postgres_clock import replace_clock
from tests.integration.retention.finished import (
    DAY,
    HOUR,
    count_now,
    count_rows,
    finish,
    ignore,
    measured,
    sums,
    truth,
)


def test_results_are_counted_once_in_the_hour_in_which_they_finished(engine):
    finish(engine, 50, age_seconds=40 * DAY, over_seconds=40 * DAY - 2 * HOUR, size=7)
    finish(engine, 3, age_seconds=HOUR, size=20_000)
    for _ in range(3):
        count_now(engine)
        assert sums(engine) == truth(engine) == (53, 350 + 60_000)
    with engine.begin() as connection:
        wrong = connection.execute(
            text("""
                SELECT count(*) FROM stored_results AS stored
                WHERE results <> (SELECT count(*) FROM calculations
                                  WHERE finished_at >= hour
                                    AND finished_at < hour + interval '1 hour')""")
        ).scalar_one()
    assert wrong == 0


def test_what_finished_when_the_clock_began_in_1970_is_counted(engine):
    finish(engine, 2, age_seconds=56 * 366 * DAY)
    count_now(engine)
    assert sums(engine) == (2, 20)


def test_what_has_no_result_counts_for_nothing(engine):
    for status in ("failed", "cancelled"):
        finish(engine, 3, status=status)
    count_now(engine)
    assert sums(engine) == (0, 0)
    assert count_rows(engine, "stored_results") == 1  # an hour with documents


def test_what_has_just_finished_is_summed_when_asked_and_counted_later(engine):
    finish(engine, 4, age_seconds=GRACE_SECONDS - 30)
    finish(engine, 2, age_seconds=GRACE_SECONDS + 30)
    count_now(engine)
    assert sums(engine) == (2, 20)
    assert measured(engine) == (6, 60)
    count_now(engine, grace_seconds=0)
    assert sums(engine) == measured(engine) == (6, 60)


def test_while_older_results_are_being_counted_the_rest_is_not_summed(engine):
    finish(engine, 5)
    assert measured(engine) == (0, 0)


@pytest.mark.parametrize("of_url", [{}, {"application_name": "ours"}])
def test_a_transaction_that_is_open_is_never_passed(store_settings, of_url):
    """After the clock was set ahead, any transaction may be older than the grace."""
    url = store_settings.sqlalchemy_url.update_query_dict(of_url)
    engine = make_engine(url, connections=1, name="reckoner relay")
    late = make_engine(url, connections=1, name="reckoner quick")
    with late.begin() as transaction:
        transaction.execute(text("SELECT 1"))
        count_now(engine, grace_seconds=0)
        finish(engine, age_seconds=-0.001)  # its time is after that of the transaction
        count_now(engine, grace_seconds=-1)
        assert sums(engine) == (0, 0)
    late.dispose()
    count_now(engine, grace_seconds=-1)
    assert sums(engine) == (1, 10)
    engine.dispose()


def test_after_the_clock_was_set_back_everything_is_counted_anew(engine, caplog):
    set_clock = replace_clock(engine)
    finish(engine, 3, age_seconds=2 * DAY)
    finish(engine, 2, age_seconds=HOUR / 2)
    count_now(engine)
    set_clock(-HOUR)
    finish(engine, 4, age_seconds=0)  # an hour before what is counted already
    count_now(engine)
    assert "set back" in caplog.text
    assert sums(engine) == (3, 30)  # the others finished in the future, or just now
    assert measured(engine) == truth(engine) == (9, 90)
    set_clock(HOUR)
    count_now(engine)
    assert sums(engine) == truth(engine) == (9, 90)


def test_a_small_step_back_is_no_reason_to_count_anew(engine, caplog):
    set_clock = replace_clock(engine)
    finish(engine, 3)
    count_now(engine)
    set_clock(-GRACE_SECONDS / 3)
    count_now(engine)
    assert not caplog.records
    assert sums(engine) == (3, 30)


def test_counting_stops_between_two_slices_and_goes_on_there(engine):
    finish(engine, 100, age_seconds=3 * DAY, over_seconds=2 * DAY)
    answers = iter([False, False, False, True])
    count_finished(engine, Pace(ignore, lambda: next(answers)))
    with engine.begin() as connection:
        reached = connection.execute(text("SELECT counted_until FROM retention")).scalar_one()
    assert sums(engine) < (100, 1_000)
    assert measured(engine) == sums(engine)  # the rest may be millions
    count_now(engine)
    assert sums(engine) == truth(engine)
    with engine.begin() as connection:
        assert (
            connection.execute(text("SELECT counted_until FROM retention")).scalar_one() > reached
        )


def test_a_slice_that_takes_too_long_is_divided(engine, monkeypatch):
    finish(engine, 100, age_seconds=HOUR, over_seconds=600)
    given_up = slow_slices(monkeypatch, longer_than_seconds=300)
    count_now(engine)
    assert given_up
    assert sums(engine) == truth(engine)


def test_counting_that_cannot_be_divided_further_says_what_to_do(engine, monkeypatch):
    finish(engine)
    slow_slices(monkeypatch, longer_than_seconds=0)
    with pytest.raises(CountingTooSlow, match="REINDEX INDEX CONCURRENTLY calculations_finished"):
        count_now(engine)
    assert sums(engine) == (0, 0)


def slow_slices(monkeypatch, *, longer_than_seconds):
    """Have PostgreSQL cancel the counting of long slices; return those."""
    given_up = []

    def count(connection, first, end):
        if (end - first).total_seconds() > longer_than_seconds:
            given_up.append(end - first)
            connection.execute(text("SET LOCAL statement_timeout = 1"))
            connection.execute(text("SELECT pg_sleep(5)"))
        return count_slice(connection, first, end)

    monkeypatch.setattr("shared.retention.counting.count_slice", count)
    return given_up
