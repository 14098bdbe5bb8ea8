"""Chunks of attempts that ended without a result: all of them go, and nothing else does."""

import importlib
import time

import pytest
from sqlalchemy import text

from gateway.relay.rescue import Rescue, remove_lost_chunks
from reckoner.authoring.results.kinds import ResultKind
from shared.calculation import Lane
from shared.errors import CalculationAborted, ProcessDied
from shared.failures import CANCELLED_JSON, failure_json
from shared.store import attempts, calculations, quick
from shared.store.leases import Claim
from shared.store.results import chunks
from tests.factories import make_calculation, make_result
from tests.integration.rows import WORKER, claim, expire, queue
from workers.heavy.claimed_writes import ClaimedWrites
from workers.heavy.lease import Lease

LONG = make_result(length=10_000)


def store(connection, claimed, count=3):
    """Store chunks of an attempt."""
    assert chunks.insert_claimed_chunks(
        connection, claimed, ResultKind.DIGITS, 0, [b"1"] * count, worker_id=WORKER
    )


def count_chunks(engine) -> int:
    with engine.begin() as connection:
        found: int = connection.execute(text("SELECT count(*) FROM result_chunks")).scalar_one()
        return found


@pytest.fixture
def lost(engine):
    """A calculation whose first attempt has stored chunks and lost its worker."""
    with engine.begin() as connection:
        calculation = queue(connection, lane=Lane.HEAVY)
        store(connection, claim(connection, calculation, lease_seconds=0))
    return calculation


@pytest.mark.parametrize("end", ["failed", "cancelled", "queued"])
def test_no_chunks_stay_of_an_expired_lease(engine, lost, end):
    with engine.begin() as connection:
        if end == "cancelled":
            calculations.cancel_calculation(connection, lost.id, CANCELLED_JSON)
        ended = expire(connection, max_attempts=1 if end == "failed" else 3)
    assert ended == {lost.id: end}
    assert remove_lost_chunks(engine) == 3
    assert count_chunks(engine) == 0


def test_the_rescue_removes_them(engine, lost, settings):
    rescue = Rescue(engine, settings, lambda _: 0)
    rescue.run_once()
    assert count_chunks(engine) == 0


def test_no_chunks_stay_of_a_calculation_cancelled_in_the_queue(engine, lost):
    with engine.begin() as connection:
        expire(connection)
        calculations.cancel_calculation(connection, lost.id, CANCELLED_JSON)
    remove_lost_chunks(engine)
    assert count_chunks(engine) == 0


def test_only_the_result_stays_of_a_calculation_that_a_quick_worker_finishes(engine, lost):
    with engine.begin() as connection:
        expire(connection)
        assert quick.finish_quick_succeeded(connection, {lost.id: LONG}).ids == {lost.id}
    remove_lost_chunks(engine)
    with engine.begin() as connection:
        assert chunks.find_chunk(connection, lost.id, 2, 0) == b"42"
    assert count_chunks(engine) == 1


def test_chunks_stored_after_their_claim_was_lost_are_removed(engine, lost):
    with engine.begin() as late:
        expire(late)
    assert remove_lost_chunks(engine) == 3
    with engine.begin() as late:  # its transaction had begun when the claim was still held
        late.execute(text("INSERT INTO result_chunks VALUES (:id, 1, 9, '1')"), {"id": lost.id})
    assert remove_lost_chunks(engine) == 1
    assert count_chunks(engine) == 0


@pytest.mark.parametrize("how", ["failed", "cancelled", "released", "killed"])
def test_no_chunks_stay_of_an_attempt_that_its_worker_ends(engine, how):
    with engine.begin() as connection:
        calculation = queue(connection, lane=Lane.HEAVY)
        claimed = claim(connection, calculation)
        store(connection, claimed)
        mine = {"worker_id": WORKER}
        if how == "failed":
            error = failure_json("time-limit", "Too long.")
            assert attempts.finish_failed(connection, claimed, error, **mine)
        elif how == "cancelled":
            calculations.cancel_calculation(connection, calculation.id, CANCELLED_JSON)
            assert attempts.finish_cancelled(connection, claimed, CANCELLED_JSON, **mine)
        elif how == "released":
            assert attempts.release_calculation(connection, claimed, **mine)
        else:
            assert attempts.retry_calculation(
                connection, claimed, "killed", backoff_seconds=1, **mine
            )
    remove_lost_chunks(engine)
    assert count_chunks(engine) == 0


def as_a_relay_of_a_version_before_expires(connection, calculation):
    connection.execute(
        text("""
            UPDATE calculations SET status = 'queued', worker_id = NULL, lease_until = NULL,
                                    not_before = now() WHERE id = :id"""),
        {"id": calculation.id},
    )


@pytest.mark.parametrize("how", ["failed", "handed back", "killed", "succeeded"])
def test_chunks_that_nobody_noted_are_removed_with_the_next_attempt(engine, lost, how):
    with engine.begin() as connection:
        as_a_relay_of_a_version_before_expires(connection, lost)
        second = claim(connection, lost)
    writes = ClaimedWrites(Lease(second, time.monotonic() + 60), engine, WORKER)
    if how == "failed":
        writes.fail(CalculationAborted("time-limit", "Too long."))
    elif how == "handed back":
        assert writes.hand_back(1.0) == "released"
    elif how == "killed":
        writes.requeue(ProcessDied("killed", "Killed."), 1.0)
    else:
        writes.succeed(make_result())
    remove_lost_chunks(engine)
    assert count_chunks(engine) == 0


def test_chunks_of_results_and_running_attempts_stay(engine):
    with engine.begin() as connection:
        done, running = queue(connection, lane=Lane.HEAVY), queue(connection, n=2, lane=Lane.HEAVY)
        for calculation in (done, running):
            store(connection, claim(connection, calculation, lease_seconds=60))
        finished = claim_of(connection, done)
        assert attempts.finish_succeeded(connection, finished, LONG, worker_id=WORKER)
        chunks.record_other_attempts(connection, done.id, 1)
    remove_lost_chunks(engine)
    assert count_chunks(engine) == 6


def claim_of(connection, calculation):
    """Return the claim that is held."""
    history: list[dict[str, str]] = []
    return Claim(calculation.id, 1, "fibonacci", 1, "{}", 1.0, None, None, 1, history)


def test_removing_many_chunks_locks_no_row_and_continues_next_time(engine, lost, monkeypatch):
    monkeypatch.setattr("gateway.relay.rescue._CHUNKS_BATCH", 2)
    monkeypatch.setattr("gateway.relay.rescue._CHUNKS_SECONDS", 0.0)
    with engine.begin() as connection:
        expire(connection)
    with engine.begin() as removing, engine.begin() as other:
        assert chunks.delete_lost_chunks(removing, limit=1) == 1
        other.execute(text("SET LOCAL lock_timeout = '1s'"))
        assert claim(other, lost) is not None
        assert chunks.delete_lost_chunks(other, limit=9) == 2  # those that are nobody's
        other.rollback()
        removing.rollback()
    assert remove_lost_chunks(engine) == 2
    assert remove_lost_chunks(engine) == 1


def test_notes_of_lost_attempts_are_removed_once_no_chunk_can_follow(engine, lost, monkeypatch):
    with engine.begin() as connection:
        expire(connection)
    remove_lost_chunks(engine)
    query = text("SELECT count(*) FROM lost_attempts")
    with engine.begin() as connection:
        assert connection.execute(query).scalar_one() == 1
    monkeypatch.setattr("gateway.relay.rescue._CHUNKS_GRACE_SECONDS", 0.0)
    remove_lost_chunks(engine)
    with engine.begin() as connection:
        assert connection.execute(query).scalar_one() == 0


def test_the_migration_notes_the_chunks_of_earlier_versions(engine, lost):
    """Its statement, on rows as an earlier version has left them."""
    with engine.begin() as connection:
        running = make_calculation(arguments={"n": 2}, lane=Lane.HEAVY)
        queue(connection, n=2, lane=Lane.HEAVY)
        store(connection, claim(connection, running))
        expire(connection, max_attempts=1)
        connection.execute(text("DELETE FROM lost_attempts"))
        connection.execute(text(leftovers_statement()))
    assert remove_lost_chunks(engine) == 3
    assert count_chunks(engine) == 3


def leftovers_statement() -> str:
    module = importlib.import_module("migrations.versions.0003_relays_and_compatibility")
    return str(module.LEFTOVERS)
