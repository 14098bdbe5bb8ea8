"""What the relay decides on calculations whose function no worker has."""

from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import text

from gateway.relay.handed_back import HandedBack
from shared.calculation import Lane
from shared.store import presence
from shared.store.calculations import requeue_ended
from shared.store.handed_back import hand_back
from tests.integration.rows import queue, row_of


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
    """One beside a worker that has no function."""
    with engine.begin() as connection:
        presence.upsert_worker(
            connection, uuid4(), host="h", pid=1, lane=Lane.QUICK, slots=1, offers=[]
        )
    return HandedBack(engine, replace(store_settings, function_grace_seconds=60))


def wait(engine, seconds):
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE handed_back SET since = since - make_interval(secs => :s)"),
            {"s": seconds},
        )


def run_for(handed_back, clock, seconds):
    """Review every five seconds, as the rescue does."""
    for _ in range(0, seconds, 5):
        handed_back.review(is_clock_steady=True)
        clock.now += 5


def status(engine, calculation):
    with engine.begin() as connection:
        return row_of(connection, calculation).status


def test_it_fails_when_no_worker_has_offered_it_for_the_grace(engine, handed_back, clock):
    run_for(handed_back, clock, 20)
    with engine.begin() as connection:
        calculation = queue(connection)
        hand_back(connection, [calculation.id], Lane.QUICK)
    wait(engine, 59)
    run_for(handed_back, clock, 5)
    assert status(engine, calculation) == "queued"
    wait(engine, 2)
    run_for(handed_back, clock, 5)
    with engine.begin() as connection:
        row = row_of(connection, calculation)
        left = connection.execute(text("SELECT count(*) FROM handed_back")).scalar_one()
    assert (row.status, row.attempt, left) == ("failed", 0, 0)
    assert row.error["type"] == "urn:reckoner:problem:function-gone"
    assert "No worker has offered fibonacci in version 1 for 60 s." in row.error["detail"]


def test_a_resubmission_waits_for_the_whole_grace_again(engine, handed_back, clock):
    run_for(handed_back, clock, 20)
    with engine.begin() as connection:
        calculation = queue(connection)
        hand_back(connection, [calculation.id], Lane.QUICK)
    wait(engine, 61)
    run_for(handed_back, clock, 5)
    with engine.begin() as connection:
        assert requeue_ended(connection, [calculation], "again")
        hand_back(connection, [calculation.id], Lane.QUICK)
    run_for(handed_back, clock, 5)
    assert status(engine, calculation) == "queued"


@pytest.mark.parametrize("cause", ["this relay has just started", "an outage", "a clock step"])
def test_nothing_fails_before_live_workers_have_had_time_for_a_heartbeat(
    engine, handed_back, clock, cause
):
    if cause != "this relay has just started":
        run_for(handed_back, clock, 30)
    with engine.begin() as connection:
        calculation = queue(connection)
        hand_back(connection, [calculation.id], Lane.QUICK)
    wait(engine, 600)
    clock.now += 600 if cause == "an outage" else 0
    handed_back.review(is_clock_steady=cause != "a clock step")
    assert status(engine, calculation) == "queued"
    with engine.begin() as connection:
        presence.upsert_worker(
            connection, uuid4(), host="h", pid=1, lane=Lane.QUICK, slots=1, offers=["fibonacci/1"]
        )
    clock.now += 5
    run_for(handed_back, clock, 20)
    assert status(engine, calculation) == "queued"


def test_a_run_goes_on_behind_those_that_wait(engine, handed_back, clock, monkeypatch):
    monkeypatch.setattr("gateway.relay.handed_back._BATCH", 2)
    run_for(handed_back, clock, 20)
    with engine.begin() as connection:
        made = sorted((queue(connection, n=n) for n in range(6)), key=lambda one: one.id)
        hand_back(connection, [one.id for one in made[4:]], Lane.QUICK)
    wait(engine, 61)
    with engine.begin() as connection:
        hand_back(connection, [one.id for one in made[:4]], Lane.QUICK)
    handed_back.review(is_clock_steady=True)
    assert [status(engine, one) for one in made] == ["queued"] * 4 + ["failed"] * 2
