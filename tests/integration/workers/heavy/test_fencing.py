"""An attempt that has lost its claim changes nothing: SQL itself refuses each of its writes."""

import time
from dataclasses import replace

import pytest
from sqlalchemy import text

from gateway.relay.rescue import Rescue
from reckoner.authoring.results.kinds import ResultKind
from shared.calculation import Lane, Status
from shared.failures import CANCELLED_JSON
from shared.store import attempts, leases
from shared.store.leases import Renewal
from shared.store.results import chunks
from tests.child_with_test_functions import COMMAND
from tests.eventually import eventually
from tests.factories import make_result
from tests.integration.lanes import Feed, WorkerThread, body_of, make_test_calculation
from tests.integration.rows import OTHER_WORKER, WORKER, cancel, claim, expire, queue, row_of
from workers.heavy.attempt import Attempt
from workers.heavy.lease import End, Lease
from workers.sandbox.outside.children import Children


def succeed(connection, claimed, worker_id):
    return attempts.finish_succeeded(connection, claimed, make_result(), worker_id=worker_id)


def fail(connection, claimed, worker_id):
    return attempts.finish_failed(connection, claimed, CANCELLED_JSON, worker_id=worker_id)


def finish_cancelled(connection, claimed, worker_id):
    return attempts.finish_cancelled(connection, claimed, CANCELLED_JSON, worker_id=worker_id)


def release(connection, claimed, worker_id):
    return attempts.release_calculation(connection, claimed, worker_id=worker_id)


def retry(connection, claimed, worker_id):
    return attempts.retry_calculation(
        connection, claimed, "process-died", worker_id=worker_id, backoff_seconds=1.0
    )


def extend(connection, claimed, worker_id):
    renewal = Renewal(claimed.calculation_id, claimed.attempt, 0.5)
    held = leases.extend_leases(connection, [renewal], worker_id=worker_id, lease_seconds=900)
    return claimed.calculation_id in held


def store_chunks(connection, claimed, worker_id):
    return chunks.insert_claimed_chunks(
        connection, claimed, ResultKind.DIGITS, 0, [b"13"], worker_id=worker_id
    )


WRITES = [succeed, fail, finish_cancelled, release, retry, extend, store_chunks]


def everything(connection):
    """Return all columns of the one calculation, and the chunks of its present attempt."""
    row = connection.execute(text("SELECT * FROM calculations")).one()
    digits = connection.execute(
        text("SELECT ordinal, digits FROM result_chunks WHERE attempt = :attempt"),
        {"attempt": row.attempt},
    )
    return row, digits.all()


def lost_and_claimed_again(engine, worker_id=WORKER):
    """Return a calculation with the claim whose lease ran out and the one that holds it now."""
    with engine.begin() as connection:
        calculation = queue(connection, lane=Lane.HEAVY)
        zombie = claim(connection, calculation, lease_seconds=0)
        store_chunks(connection, zombie, WORKER)
    with engine.begin() as connection:
        assert expire(connection) == {calculation.id: "queued"}
        successor = claim(connection, calculation, worker_id=worker_id)
        assert store_chunks(connection, successor, worker_id)
    assert (zombie.attempt, successor.attempt) == (1, 2)
    return calculation, zombie, successor


@pytest.mark.parametrize("successor_id", [WORKER, OTHER_WORKER], ids=["same", "other"])
@pytest.mark.parametrize("write", WRITES)
def test_a_zombie_writes_nothing_once_its_calculation_is_reclaimed(engine, write, successor_id):
    calculation, zombie, successor = lost_and_claimed_again(engine, successor_id)
    with engine.begin() as connection:
        if write is finish_cancelled:
            cancel(connection, calculation)
        before = everything(connection)
        assert not write(connection, zombie, WORKER)
        assert everything(connection) == before
        assert write(connection, successor, successor_id)


@pytest.mark.parametrize("write", WRITES)
def test_another_worker_writes_nothing_under_a_claim(engine, write):
    calculation, _, successor = lost_and_claimed_again(engine)
    with engine.begin() as connection:
        if write is finish_cancelled:
            cancel(connection, calculation)
        before = everything(connection)
        assert not write(connection, successor, OTHER_WORKER)
        assert everything(connection)[0] == before[0]


@pytest.mark.parametrize("write", WRITES)
def test_a_write_under_one_claim_leaves_others_alone(engine, write):
    with engine.begin() as connection:
        mine, neighbour = (queue(connection, n=n, lane=Lane.HEAVY) for n in (1, 2))
        claimed = claim(connection, mine)
        claim(connection, neighbour)
        if write is finish_cancelled:
            cancel(connection, mine)
        before = row_of(connection, neighbour)
        assert write(connection, claimed, WORKER)
        assert row_of(connection, neighbour) == before


@pytest.mark.parametrize("status", ["running", "succeeded"])
def test_a_zombie_that_hands_back_leaves_its_successors_digits(engine, store_settings, status):
    _, zombie, successor = lost_and_claimed_again(engine)
    with engine.begin() as connection:
        if status == "succeeded":
            long = make_result(length=10_000)
            assert attempts.finish_succeeded(connection, successor, long, worker_id=WORKER)
        row, _ = everything(connection)
    lease = Lease(zombie, time.monotonic() + 60)
    lease.end_as(End.LOST)
    Attempt(lease, store_settings, engine, WORKER, Children(child_command=COMMAND)).run()
    with engine.begin() as connection:
        assert everything(connection) == (row, [(0, "13")])


@pytest.mark.slow
def test_only_the_digits_of_a_lost_attempt_are_removed_after_the_next_result(settings, engine):
    feed = Feed(settings, engine)
    calculation, neighbour = (
        make_test_calculation("repeat", n, Lane.HEAVY) for n in (20_000, 20_001)
    )
    feed.insert(calculation, neighbour)
    with engine.begin() as connection:
        for one, lease_seconds in ((calculation, 0), (neighbour, 600)):
            claimed = claim(connection, one, lease_seconds=lease_seconds)
            assert store_chunks(connection, claimed, WORKER)
    with engine.begin() as connection:
        assert expire(connection) == {calculation.id: "queued"}
    # With a shorter setting, the neighbour's lease would look like a mistake of the clock.
    rescue = Rescue(engine, replace(settings, lease_seconds=600), feed.ready)

    def kept():
        rescue.run_once()
        with engine.begin() as connection:
            return set(
                connection.execute(text("SELECT calculation_id, attempt FROM result_chunks")).all()
            )

    with WorkerThread(settings, Lane.HEAVY):
        feed.publish(Lane.HEAVY, body_of(calculation))
        feed.wait_for(Status.SUCCEEDED, calculation)
        eventually(lambda: kept() == {(calculation.id, 2), (neighbour.id, 1)})
    assert feed.digits(calculation) == "7" * 20_000
