"""A relay notices that PostgreSQL's clock was set, and what it does then."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from uuid import uuid4

import pytest
from sqlalchemy import text

from gateway.relay.clock_steps import ClockSteps
from shared.calculation import Lane
from shared.store import leases
from shared.store.leases import Renewal
from tests.eventually import eventually
from tests.integration.gateway.relay.postgres_clock import HOUR, LEASE_SECONDS
from tests.integration.rows import claim, queue, row_of


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


def is_logged(log: str, direction: str) -> bool:
    """Return whether a step of an hour is logged, as exactly as the database answered."""
    found = re.search(rf"stepped {direction} by ([0-9.]+) s", log)
    return found is not None and abs(float(found[1]) - HOUR) < 2


@pytest.mark.parametrize(("ahead", "direction"), [(-HOUR, "back"), (HOUR, "ahead")])
def test_a_step_is_logged_once(set_clock, steps, caplog, ahead, direction):
    steps.correct()
    steps.correct()
    assert not caplog.records
    set_clock(ahead)
    steps.correct()
    assert is_logged(caplog.text, direction)
    caplog.clear()
    steps.correct()
    assert not caplog.records


def test_a_slow_answer_is_no_step(engine, set_clock, caplog):
    now = 1_000_000_000.0
    answers = iter([now, now + 1.5])
    steps = ClockSteps(engine, lease_seconds=LEASE_SECONDS, read=lambda _: next(answers))
    steps.correct()
    assert steps.correct()
    assert not caplog.records


@pytest.mark.slow
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


@pytest.mark.slow
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
        # The rescue runs, and returns what did expire.
        eventually(lambda: read(engine, lost).status == "queued")
        set_clock(HOUR)
        eventually(lambda: is_logged(log.read_text(), "ahead"))
        with engine.begin() as connection:
            renewed = leases.extend_leases(
                connection,
                [Renewal(calculation.id, 1, 0.5)],
                worker_id=worker_id,
                lease_seconds=LEASE_SECONDS,
            )
        assert calculation.id in renewed
    assert read(engine, calculation).status == "running"


def read(engine, calculation):
    with engine.begin() as connection:
        return row_of(connection, calculation)
