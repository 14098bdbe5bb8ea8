"""Claims and what is written under them: a lost one changes nothing."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from shared.calculation import Lane
from shared.errors import StoreUnavailable
from shared.failures import CANCELLED_JSON, failure_json
from shared.store import calculations, leases, new_calculations, outbox, results
from shared.store.models import CHUNK_DIGITS
from shared.store.rows import Renewal
from tests.eventually import eventually
from tests.factories import make_calculation, make_result
from tests.integration.rows import OTHER_WORKER, WORKER, claim, expire, queue, row_of, status_of


def test_a_claim_counts_an_attempt_and_excludes_others(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    claimed = claim(connection, calculation)
    assert claimed.attempt == 1
    assert claim(connection, calculation, worker_id=OTHER_WORKER) is None


def test_a_zombie_cannot_write_once_its_claim_went_to_another(engine, connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    zombie = claim(connection, calculation, lease_seconds=0)
    connection.commit()
    with engine.begin() as later:
        assert expire(later) == {calculation.id: "queued"}
    with engine.begin() as later:
        successor = claim(later, calculation, worker_id=OTHER_WORKER)
        assert successor.attempt == 2
        lost = {"worker_id": WORKER}
        assert not leases.finish_succeeded(later, zombie, make_result(), **lost)
        assert not leases.finish_failed(later, zombie, CANCELLED_JSON, **lost)
        assert not leases.finish_cancelled(later, zombie, CANCELLED_JSON, **lost)
        assert not leases.release_calculation(later, zombie, **lost)
        assert not results.insert_claimed_chunks(later, calculation.id, 1, 0, [b"42"], **lost)
        renewal = Renewal(calculation.id, zombie.attempt, 0.5)
        assert leases.extend_leases(later, [renewal], worker_id=WORKER, lease_seconds=9) == {}
        assert leases.finish_succeeded(later, successor, make_result(), worker_id=OTHER_WORKER)


def test_chunks_that_are_stored_again_are_there_once(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    claimed = claim(connection, calculation)
    assert claimed is not None
    mine = {"worker_id": WORKER}
    for chunks in ([b"12", b"34"], [b"12", b"34"], [b"12", b"56", b"7"]):
        assert results.insert_claimed_chunks(connection, calculation.id, 1, 5, chunks, **mine)
    found = [results.find_chunk(connection, calculation.id, 1, ordinal) for ordinal in range(5, 9)]
    assert found == ["12", "56", "7", None]


def test_what_copying_chunks_runs_into_is_told_like_any_statements_errors(engine):
    calculation = make_calculation(lane=Lane.HEAVY)
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, [calculation], "request")
        claim(connection, calculation)
    with pytest.raises(IntegrityError), engine.begin() as connection:
        results.insert_claimed_chunks(
            connection, calculation.id, 1, 0, [b"1" * (CHUNK_DIGITS + 1)], worker_id=WORKER
        )


def test_chunks_whose_other_copy_commits_meanwhile_are_worth_another_try(engine):
    calculation = make_calculation(lane=Lane.HEAVY)
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, [calculation], "request")
        claim(connection, calculation)

    def store(connection):
        return results.insert_claimed_chunks(
            connection, calculation.id, 1, 0, [b"12"], worker_id=WORKER
        )

    with ThreadPoolExecutor(1) as other, engine.connect() as first:
        store(first)

        def second():
            with engine.begin() as connection:
                store(connection)

        waiting = other.submit(second)
        with engine.begin() as connection:
            eventually(
                lambda: connection.execute(
                    text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
                ).scalar_one()
            )
        first.commit()
        with pytest.raises(StoreUnavailable):
            waiting.result()
    with engine.begin() as connection:
        assert store(connection)


def test_progress_never_goes_back(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    claimed = claim(connection, calculation)
    for progress in (0.5, 0.25):
        renewal = Renewal(calculation.id, claimed.attempt, progress)
        leases.extend_leases(connection, [renewal], worker_id=WORKER, lease_seconds=60)
    assert row_of(connection, calculation)["progress"] == 0.5


def test_a_calculation_that_loses_its_workers_fails_in_the_end(engine, connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    connection.commit()
    for expected in ("queued", "queued", "failed"):
        with engine.begin() as later:
            claim(later, calculation, lease_seconds=0)
        with engine.begin() as later:
            assert expire(later) == {calculation.id: expected}
    with engine.begin() as later:
        row = row_of(later, calculation)
        assert row["attempt"] == 3
        assert row["error"]["type"].endswith("worker-lost")
        assert calculations.requeue_ended(later, [calculation], "again") == {calculation.id}
    with engine.begin() as later:
        assert claim(later, calculation, lease_seconds=0).attempt == 4
    with engine.begin() as later:
        assert expire(later) == {calculation.id: "queued"}


def test_a_live_lease_is_left_alone(engine, connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    claim(connection, calculation)
    connection.commit()
    with engine.begin() as later:
        assert expire(later) == {}


def test_handing_back_costs_no_attempt(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    claimed = claim(connection, calculation)
    assert leases.release_calculation(connection, claimed, worker_id=WORKER)
    assert status_of(connection, calculation) == "queued"
    assert len(outbox.take_due(Lane.HEAVY, 10).on(connection)) == 1
    attempt, base = connection.execute(text("SELECT attempt, attempt_base FROM calculations")).one()
    assert attempt == base == 1


def test_a_withdrawn_cancel_gives_the_calculation_back(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    claimed = claim(connection, calculation)
    calculations.cancel_calculation(connection, calculation.id, CANCELLED_JSON)
    assert calculations.withdraw_cancel(connection, [calculation.id]) == {calculation.id}
    assert not leases.finish_cancelled(connection, claimed, CANCELLED_JSON, worker_id=WORKER)
    assert leases.release_calculation(connection, claimed, worker_id=WORKER)


def test_the_history_tells_how_each_attempt_ended(engine):
    calculation = make_calculation(lane=Lane.HEAVY)
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, [calculation], "request")
    with engine.begin() as connection:
        claim(connection, calculation, lease_seconds=0)
    with engine.begin() as connection:
        expire(connection)
    with engine.begin() as connection:
        leases.release_calculation(connection, claim(connection, calculation), worker_id=WORKER)
        error = failure_json("memory-limit", "Too much.")
        leases.finish_failed(connection, claim(connection, calculation), error, worker_id=WORKER)
    with engine.begin() as connection:
        history = row_of(connection, calculation)["history"]
    assert [entry["attempt"] for entry in history] == [1, 2, 3]
    outcomes = ["lost", "released", "urn:reckoner:problem:memory-limit"]
    assert [entry["outcome"] for entry in history] == outcomes
    assert {entry["worker"] for entry in history} == {str(WORKER)}


def test_the_history_keeps_the_last_twenty(engine):
    calculation = make_calculation(lane=Lane.HEAVY)
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, [calculation], "request")
    for _ in range(25):
        with engine.begin() as connection:
            claimed = claim(connection, calculation)
            leases.release_calculation(connection, claimed, worker_id=WORKER)
    with engine.begin() as connection:
        history = row_of(connection, calculation)["history"]
    assert [entry["attempt"] for entry in history] == list(range(6, 26))
