"""Calculations that workers hand back: the pause before the next try, and what ends their wait."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from shared.calculation import Lane
from shared.failures import failure_json
from shared.store.outbox import outbox
from shared.store.outbox.handed_back import (
    Reviewed,
    fail_handed_back,
    hand_back,
    review_handed_back,
)
from tests.integration.rows import cancel, change, claim, queue, row_of, status_of, stored

FIRST = UUID(int=0)
GONE = failure_json("function-gone", "No worker has it.")


def age(connection, seconds):
    """Have all been waiting this long since a worker was last known to offer their function."""
    connection.execute(
        text("UPDATE handed_back SET since = now() - make_interval(secs => :s)"), {"s": seconds}
    )


def waiting(connection):
    return set(connection.execute(text("SELECT calculation_id FROM handed_back")).scalars())


def review(connection, after=FIRST, limit=100):
    return review_handed_back(connection, after, limit)


@pytest.mark.parametrize(("waited", "pause"), [(None, 1), (0.5, 1), (3, 3), (8, 8), (100, 10)])
def test_the_pause_grows_with_the_time_that_it_has_been_waiting(connection, waited, pause):
    calculation = queue(connection)
    assert outbox.take_due(9).on(connection)
    if waited is not None:
        hand_back(connection, [calculation.id], Lane.QUICK)
        age(connection, waited)
    hand_back(connection, [calculation.id], Lane.QUICK)
    assert stored(connection, calculation, "not_before - now()") == timedelta(seconds=pause)
    assert stored(connection, calculation, "published_at") is None
    assert waiting(connection) == {calculation.id}
    assert not outbox.take_due(9).on(connection)


def test_only_what_is_queued_in_the_lane_is_handed_back(connection):
    running = queue(connection, n=1, lane=Lane.HEAVY)
    claim(connection, running)
    cancelled, moved = queue(connection, n=2), queue(connection, n=3, lane=Lane.HEAVY)
    cancel(connection, cancelled)
    hand_back(connection, [cancelled.id, moved.id, uuid4()], Lane.QUICK)
    hand_back(connection, [running.id], Lane.HEAVY)
    assert waiting(connection) == set()
    assert status_of(connection, running) == "running"


def test_a_review_says_what_waits_for_which_function_and_how_long(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    hand_back(connection, [calculation.id], Lane.HEAVY)
    age(connection, 61)
    assert review(connection) == [Reviewed(calculation.id, "heavy", "fibonacci", 1, 61.0)]


def test_what_is_no_longer_queued_is_forgotten(connection):
    ended, running, waits = (queue(connection, n=n, lane=Lane.HEAVY) for n in (1, 2, 3))
    hand_back(connection, [ended.id, running.id, waits.id], Lane.HEAVY)
    cancel(connection, ended)
    claim(connection, running)
    change(connection, waits, "published_at = now()")
    assert {one.calculation_id for one in review(connection) if one.lane} == {waits.id}
    assert waiting(connection) == {waits.id}


def test_a_review_continues_where_the_last_one_ended(connection):
    ids = sorted(queue(connection, n=n).id for n in range(5))
    hand_back(connection, ids, Lane.QUICK)
    assert [one.calculation_id for one in review(connection, limit=2)] == ids[:2]
    rest = review(connection, after=ids[1])
    assert [one.calculation_id for one in rest] == ids[2:]


def test_failing_is_for_what_is_queued_and_waits_for_no_lock(connection, engine):
    queued, claimed, locked = (queue(connection, n=n, lane=Lane.HEAVY) for n in (1, 2, 3))
    hand_back(connection, [queued.id, claimed.id, locked.id], Lane.HEAVY)
    claim(connection, claimed)
    connection.commit()
    with engine.begin() as other, engine.begin() as relay:
        change(other, locked, "published_at = now()")
        errors = dict.fromkeys((queued.id, claimed.id, locked.id), GONE)
        assert fail_handed_back(relay, errors) == {queued.id}
        assert waiting(relay) == {claimed.id, locked.id}
        row = row_of(relay, queued)
        assert (row.status, row.attempt, row.error["type"]) == (
            "failed",
            0,
            "urn:reckoner:problem:function-gone",
        )
