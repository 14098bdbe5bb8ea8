"""Calculations that workers hand back: the pause before the next try, and what ends their wait."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from shared.calculation import Lane
from shared.failures import failure_json
from shared.store import outbox, presence
from shared.store.handed_back import fail_handed_back, hand_back, review_handed_back
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


def review(connection, *, may_fail=True, grace_seconds=60, after=FIRST, limit=100):
    return review_handed_back(
        connection,
        after,
        may_fail=may_fail,
        grace_seconds=grace_seconds,
        silent_seconds=15,
        limit=limit,
    )


def add_worker(connection, offers, *, lane=Lane.QUICK, silent_seconds=0.0):
    worker_id = uuid4()
    presence.upsert_worker(
        connection, worker_id, host="h", pid=1, lane=lane, slots=1, offers=offers
    )
    connection.execute(
        text("UPDATE workers SET seen_at = now() - make_interval(secs => :s) WHERE id = :id"),
        {"s": silent_seconds, "id": worker_id},
    )


@pytest.mark.parametrize(("waited", "pause"), [(None, 1), (0.5, 1), (3, 3), (8, 8), (100, 10)])
def test_the_pause_grows_with_the_time_that_it_has_been_waiting(connection, waited, pause):
    calculation = queue(connection)
    assert outbox.take_due(Lane.QUICK, 9).on(connection)
    if waited is not None:
        hand_back(connection, [calculation.id], Lane.QUICK)
        age(connection, waited)
    hand_back(connection, [calculation.id], Lane.QUICK)
    assert stored(connection, calculation, "not_before - now()") == timedelta(seconds=pause)
    assert stored(connection, calculation, "published_at") is None
    assert waiting(connection) == {calculation.id}
    assert not outbox.take_due(Lane.QUICK, 9).on(connection)


def test_only_what_is_queued_in_the_lane_is_handed_back(connection):
    running = queue(connection, n=1, lane=Lane.HEAVY)
    claim(connection, running)
    cancelled, moved = queue(connection, n=2), queue(connection, n=3, lane=Lane.HEAVY)
    cancel(connection, cancelled)
    hand_back(connection, [cancelled.id, moved.id, uuid4()], Lane.QUICK)
    hand_back(connection, [running.id], Lane.HEAVY)
    assert waiting(connection) == set()
    assert status_of(connection, running) == "running"


@pytest.mark.parametrize(
    ("offers", "worker", "waits"),
    [
        (["factorial/1", "fibonacci/1"], {}, True),
        (None, {}, True),  # of an earlier version, which does not say
        (["fibonacci/2", "factorial/1"], {}, False),
        ([], {}, False),
        (["fibonacci/1"], {"lane": Lane.HEAVY}, False),
        (["fibonacci/1"], {"silent_seconds": 16}, False),
    ],
)
def test_it_waits_while_a_live_worker_of_the_lane_offers_it(connection, offers, worker, waits):
    calculation = queue(connection)
    hand_back(connection, [calculation.id], Lane.QUICK)
    age(connection, 61)
    add_worker(connection, ["factorial/1"])
    add_worker(connection, offers, **worker)
    (found,) = review(connection)
    assert found.calculation_id == calculation.id
    assert (found.function, found.version) == ("fibonacci", 1)
    assert found.is_overdue is not waits
    age_now = connection.execute(text("SELECT now() - since FROM handed_back")).scalar_one()
    assert age_now == timedelta(seconds=0 if waits else 61)


def test_it_waits_while_its_lane_has_no_live_worker(connection):
    calculation = queue(connection)
    hand_back(connection, [calculation.id], Lane.QUICK)
    age(connection, 61)
    add_worker(connection, [], lane=Lane.HEAVY)
    add_worker(connection, [], silent_seconds=16)
    assert not review(connection)[0].is_overdue


def test_nothing_is_overdue_within_the_grace_or_while_workers_are_not_known(connection):
    calculation = queue(connection)
    add_worker(connection, [])
    hand_back(connection, [calculation.id], Lane.QUICK)
    age(connection, 59)
    assert not review(connection)[0].is_overdue
    age(connection, 61)
    assert not review(connection, may_fail=False)[0].is_overdue
    assert not review(connection)[0].is_overdue, "the time begins again"


def test_what_is_no_longer_queued_is_forgotten(connection):
    ended, running, waits = (queue(connection, n=n, lane=Lane.HEAVY) for n in (1, 2, 3))
    hand_back(connection, [ended.id, running.id, waits.id], Lane.HEAVY)
    cancel(connection, ended)
    claim(connection, running)
    change(connection, waits, "published_at = now()")
    assert not any(one.is_overdue for one in review(connection))
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
