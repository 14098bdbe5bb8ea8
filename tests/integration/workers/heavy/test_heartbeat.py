"""The heartbeat of a heavy worker: it extends the leases, and finds out that some have ended."""

import dataclasses
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import text

from gateway.relay.rescue import Rescue
from shared.calculation import Calculation, Lane, Status
from shared.failures import CANCELLED_JSON
from shared.store.calculations import cancel_calculation
from tests.eventually import eventually
from tests.integration.lanes import Feed, WorkerThread, make_test_calculation
from tests.integration.listening import listening
from tests.integration.rows import OTHER_WORKER, WORKER, claim, queue, row_of
from workers.heavy.lease import End, Lease, Leases


@contextmanager
def beating(engine, *claims, lease_seconds=60.0) -> Iterator[list[Lease]]:
    """Hold these claims, with a heartbeat every few milliseconds."""
    leases = Leases(engine, WORKER, lease_seconds=lease_seconds, heartbeat_seconds=0.02)
    held = [leases.hold(one, time.monotonic()) for one in claims]
    leases.start()
    try:
        yield held
    finally:
        leases.close()


def claimed(engine, n, **options):
    with engine.begin() as connection:
        return claim(connection, queue(connection, n=n, lane=Lane.HEAVY), **options)


def lease_until(engine, calculation_id: UUID):
    with engine.begin() as connection:
        return connection.execute(
            text("SELECT lease_until FROM calculations WHERE id = :id"), {"id": calculation_id}
        ).scalar_one()


def is_later(engine, calculation_id: UUID, than) -> bool:
    return bool(lease_until(engine, calculation_id) > than)


def test_every_heartbeat_extends_each_lease_that_is_held(engine):
    claims = [claimed(engine, n, lease_seconds=1) for n in (1, 2)]
    with beating(engine, *claims, lease_seconds=600) as held:
        for _ in range(3):
            for one in claims:
                end = lease_until(engine, one.calculation_id)
                eventually(partial(is_later, engine, one.calculation_id, end))
        assert [lease.end for lease in held] == [None, None]
    with engine.begin() as connection:
        shortest = connection.execute(
            text("SELECT extract(epoch FROM min(lease_until) - now()) FROM calculations")
        ).scalar_one()
    assert 500 < shortest <= 600


def test_a_heartbeat_finds_out_about_a_cancel_and_a_loss(engine):
    cancelled, lost, kept = (claimed(engine, n) for n in (1, 2, 3))
    with beating(engine, cancelled, lost, kept) as held:
        with engine.begin() as connection:
            cancel_calculation(connection, cancelled.calculation_id, CANCELLED_JSON)
            connection.execute(
                text("UPDATE calculations SET worker_id = :other WHERE id = :id"),
                {"other": OTHER_WORKER, "id": lost.calculation_id},
            )
        eventually(lambda: [lease.end for lease in held] == [End.CANCELLED, End.LOST, None])


def test_a_heartbeat_notifies_waiting_clients_of_noticeable_progress(
    engine, store_settings, monkeypatch
):
    monkeypatch.setattr("workers.heavy.lease._NOTIFY_SECONDS", 0.0)
    moved, still = (claimed(engine, n) for n in (1, 2))
    with listening(store_settings) as heard, beating(engine, moved, still) as held:
        held[0].progress, held[1].progress = 0.5, 0.001
        eventually(lambda: heard.changed() == [str(moved.calculation_id)])
        before = lease_until(engine, moved.calculation_id)
        eventually(partial(is_later, engine, moved.calculation_id, before))
        assert heard.changed() == [str(moved.calculation_id)]  # once
        held[0].progress = 0.75
        eventually(lambda: len(heard.changed()) == 2)
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT progress FROM calculations ORDER BY progress"))
        assert list(rows.scalars()) == [0.001, 0.75]


@pytest.mark.slow
def test_a_run_several_times_longer_than_its_lease_succeeds_on_its_first_attempt(settings, engine):
    brief = dataclasses.replace(settings, lease_seconds=2.5, heartbeat_seconds=0.25)
    feed = Feed(settings, engine)
    calculation: Calculation = make_test_calculation("slow", 80, Lane.HEAVY)
    rescue = Rescue(engine, brief, lambda _lane: 1)

    def has_ended() -> bool:
        rescue.run_once()  # which expires any lease that has run out
        return feed.status(calculation) is not Status.RUNNING

    with WorkerThread(brief, Lane.HEAVY):
        feed.submit(calculation)
        feed.wait_for(Status.RUNNING, calculation)
        eventually(has_ended, within_seconds=60)
    with engine.begin() as connection:
        row = row_of(connection, calculation)
    assert (row.status, row.attempt) == (Status.SUCCEEDED, 1)
    assert [entry["outcome"] for entry in row.history] == ["succeeded"]
    assert row.compute_seconds > 3 * brief.lease_seconds
