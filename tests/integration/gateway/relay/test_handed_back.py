"""What the relay decides on calculations whose function no worker has."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from gateway.relay.handed_back import HandedBack
from shared.calculation import Lane
from shared.store import presence
from shared.store.calculations import requeue_ended
from shared.store.outbox.handed_back import hand_back
from tests.integration.rows import queue, row_of, stored

GRACE_SECONDS = 60


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        self.now += 0.001
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("gateway.relay.handed_back.time", clock)
    return clock


@pytest.fixture
def handed_back(engine, store_settings) -> HandedBack:
    return HandedBack(engine, replace(store_settings, function_grace_seconds=GRACE_SECONDS))


def add_worker(engine, offers, *, lane=Lane.QUICK, silent_seconds=0.0):
    worker_id = uuid4()
    with engine.begin() as connection:
        presence.upsert_worker(
            connection, worker_id, host="h", pid=1, lane=lane, slots=1, offers=offers
        )
        connection.execute(
            text("UPDATE workers SET seen_at = now() - make_interval(secs => :s) WHERE id = :id"),
            {"s": silent_seconds, "id": worker_id},
        )


def remove_workers(engine):
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM workers"))


def hand_back_one(engine, *, waited=0.0, n=1_000):
    """Have a calculation that was handed back so many seconds ago."""
    with engine.begin() as connection:
        calculation = queue(connection, n=n)
        hand_back(connection, [calculation.id], Lane.QUICK)
        connection.execute(
            text(
                "UPDATE handed_back SET since = now() - make_interval(secs => :s)"
                " WHERE calculation_id = :id"
            ),
            {"s": waited, "id": calculation.id},
        )
    return calculation


def age(engine, seconds):
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE handed_back SET since = now() - make_interval(secs => :s)"), {"s": seconds}
        )


def status(engine, calculation):
    with engine.begin() as connection:
        return row_of(connection, calculation).status


def review_after(handed_back, clock, *seconds):
    """Review after each of these pauses."""
    for pause in seconds:
        clock.now += pause
        handed_back.review()


def test_it_fails_when_no_worker_has_offered_it_for_the_grace(engine, handed_back, clock):
    add_worker(engine, ["fibonacci/2", "factorial/1"])
    calculation = hand_back_one(engine, waited=GRACE_SECONDS)
    review_after(handed_back, clock, 0, GRACE_SECONDS - 1)
    assert status(engine, calculation) == "queued"
    review_after(handed_back, clock, 2)
    with engine.begin() as connection:
        row = row_of(connection, calculation)
        left = connection.execute(text("SELECT count(*) FROM handed_back")).scalar_one()
    assert (row.status, row.attempt, left) == ("failed", 0, 0)
    assert row.error["type"] == "urn:reckoner:problem:function-gone"
    assert "No worker has offered fibonacci in version 1 for 60 s." in row.error["detail"]


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
def test_it_waits_while_a_live_worker_of_the_lane_offers_it(
    engine, handed_back, clock, offers, worker, waits
):
    add_worker(engine, ["factorial/1"])
    add_worker(engine, offers, **worker)
    calculation = hand_back_one(engine, waited=GRACE_SECONDS)
    review_after(handed_back, clock, 0, GRACE_SECONDS)
    assert status(engine, calculation) == ("queued" if waits else "failed")


def test_it_waits_while_its_lane_has_no_live_worker(engine, handed_back, clock):
    add_worker(engine, [], lane=Lane.HEAVY)
    add_worker(engine, [], silent_seconds=16)
    calculation = hand_back_one(engine, waited=GRACE_SECONDS)
    review_after(handed_back, clock, 0, GRACE_SECONDS)
    assert status(engine, calculation) == "queued"


@pytest.mark.parametrize("what", ["a worker offers it", "there is no worker"])
def test_the_grace_begins_again_after_a_time_in_which_it_may_wait(engine, handed_back, clock, what):
    """Such as an outage, after which the heartbeats of all workers are old."""
    add_worker(engine, [])
    calculation = hand_back_one(engine, waited=GRACE_SECONDS)
    review_after(handed_back, clock, 0, GRACE_SECONDS - 1)
    remove_workers(engine)
    if what == "a worker offers it":
        add_worker(engine, ["fibonacci/1"])
    review_after(handed_back, clock, 1)
    remove_workers(engine)
    add_worker(engine, [])
    age(engine, GRACE_SECONDS)
    review_after(handed_back, clock, 1, GRACE_SECONDS - 1)
    assert status(engine, calculation) == "queued"
    review_after(handed_back, clock, 1)
    assert status(engine, calculation) == "failed"


def test_the_pauses_are_short_again_once_a_worker_offers_it(engine, handed_back, clock):
    add_worker(engine, ["fibonacci/1"])
    add_worker(engine, [])
    calculation = hand_back_one(engine, waited=30)
    review_after(handed_back, clock, 0)
    with engine.begin() as connection:
        hand_back(connection, [calculation.id], Lane.QUICK)
        pause = stored(connection, calculation, "not_before - now()")
    assert pause < timedelta(seconds=5), "it was handed back 30 s ago for the first time"


def test_a_resubmission_waits_for_the_whole_grace_again(engine, handed_back, clock):
    add_worker(engine, [])
    calculation = hand_back_one(engine, waited=GRACE_SECONDS)
    review_after(handed_back, clock, 0, GRACE_SECONDS)
    assert status(engine, calculation) == "failed"
    with engine.begin() as connection:
        assert requeue_ended(connection, [calculation], "again")
        hand_back(connection, [calculation.id], Lane.QUICK)
    review_after(handed_back, clock, 1)
    assert status(engine, calculation) == "queued"


def test_a_run_goes_on_behind_those_that_wait(engine, handed_back, clock, monkeypatch):
    monkeypatch.setattr("gateway.relay.handed_back._BATCH", 2)
    add_worker(engine, [])
    made = sorted((hand_back_one(engine, n=n) for n in range(6)), key=lambda one: one.id)
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE handed_back SET since = since - interval '1 hour'"
                " WHERE calculation_id >= :id"
            ),
            {"id": made[4].id},
        )
    review_after(handed_back, clock, 0, GRACE_SECONDS)
    assert [status(engine, one) for one in made] == ["queued"] * 4 + ["failed"] * 2
