"""Cancels, and submissions while one is pending or after it."""

import pytest
from sqlalchemy import text

from shared.calculation import Lane
from shared.failures import CANCELLED_JSON
from shared.store import attempts, calculations, leases, new_calculations
from shared.store.leases import Renewal
from shared.store.outbox import heavy_outbox, outbox
from tests.factories import make_calculation, make_result
from tests.integration.rows import WORKER, cancel, change, claim, queue, row_of, stored
from tests.integration.submitting import submit, submit_batch

MINE = {"worker_id": WORKER}

#: One that no gateway computes itself.
HEAVY = {"n": 300_000_000}


def finish_cancelled(connection, claimed):
    return attempts.finish_cancelled(connection, claimed, CANCELLED_JSON, **MINE)


@pytest.fixture
def running(connection):
    """A calculation that runs, and its claim."""
    calculation = queue(connection, lane=Lane.HEAVY)
    return calculation, claim(connection, calculation)


def test_a_queued_calculation_is_cancelled_at_once(connection):
    calculation, neighbour = queue(connection, n=1), queue(connection, n=2)
    row = cancel(connection, calculation)
    assert row == row_of(connection, calculation)
    assert (row.status, row.cancel_requested) == ("cancelled", False)
    assert row.error["type"].endswith("cancelled")
    assert row.finished_at is not None
    assert row_of(connection, neighbour).status == "queued"
    assert [due.work.calculation_id for due in outbox.take_due(9).on(connection)] == [neighbour.id]


def test_a_running_calculation_is_marked_for_its_worker_to_cancel(connection, running):
    calculation, claimed = running
    row = cancel(connection, calculation)
    assert (row.status, row.cancel_requested) == ("running", True)
    assert (row.error, row.finished_at) == (None, None)
    assert cancel(connection, calculation) == row  # a second request changes nothing
    assert finish_cancelled(connection, claimed)
    done = row_of(connection, calculation)
    assert (done.status, done.cancel_requested) == ("cancelled", False)
    assert done.error["type"].endswith("cancelled")


@pytest.mark.parametrize("ending", ["succeeded", "failed", "cancelled"])
def test_a_final_calculation_is_not_cancelled(connection, running, ending):
    calculation, claimed = running
    if ending == "succeeded":
        attempts.finish_succeeded(connection, claimed, make_result(), **MINE)
    elif ending == "failed":
        attempts.finish_failed(connection, claimed, CANCELLED_JSON, **MINE)
    else:
        cancel(connection, calculation)
        finish_cancelled(connection, claimed)
    before = row_of(connection, calculation)
    assert before.status == ending
    assert cancel(connection, calculation) is None
    assert row_of(connection, calculation) == before


def test_a_cancel_does_not_wait_long_for_a_lock(connection):
    """The relay holds one for as long as RabbitMQ confirms nothing."""
    cancel(connection, queue(connection))
    assert connection.execute(text("SHOW lock_timeout")).scalar_one() == "3s"


def test_a_worker_cancels_nothing_without_a_request(connection, running):
    calculation, claimed = running
    assert not finish_cancelled(connection, claimed)
    assert row_of(connection, calculation).status == "running"


def test_a_calculation_with_a_pending_cancel_is_not_handed_back(connection, running):
    calculation, claimed = running
    cancel(connection, calculation)
    assert not attempts.release_calculation(connection, claimed, **MINE)
    assert row_of(connection, calculation).status == "running"


def test_a_calculation_whose_cancel_was_withdrawn_is_handed_back(connection, running):
    calculation, claimed = running
    cancel(connection, calculation)
    assert calculations.withdraw_cancel(connection, [calculation.id]) == {calculation.id}
    assert not finish_cancelled(connection, claimed)
    assert attempts.release_calculation(connection, claimed, **MINE)


def test_only_a_pending_cancel_is_withdrawn(connection, running):
    calculation, _ = running
    ended = queue(connection, n=2)
    cancel(connection, ended)
    others = [queue(connection, n=3, lane=Lane.HEAVY), calculation, ended]
    assert calculations.withdraw_cancel(connection, [one.id for one in others]) == set()
    assert row_of(connection, ended).status == "cancelled"


def test_only_the_named_cancels_are_withdrawn(connection, running):
    calculation, _ = running
    neighbour = queue(connection, n=2, lane=Lane.HEAVY)
    claim(connection, neighbour)
    for one in (calculation, neighbour):
        cancel(connection, one)
    calculations.withdraw_cancel(connection, [calculation.id])
    asked = [row_of(connection, one).cancel_requested for one in (calculation, neighbour)]
    assert asked == [False, True]


@pytest.fixture(params=["single", "batch"])
def submitted(request, engine, store_settings, registry):
    """What submits a calculation, alone or in a batch, and returns its row."""

    def submit_it(calculation):
        if request.param == "single":
            (row,) = submit(engine, store_settings, registry, calculation)
            return row
        submit_batch(engine, store_settings, registry, [calculation])
        with engine.begin() as connection:
            return row_of(connection, calculation)

    return submit_it


def heavy(engine):
    calculation = make_calculation(arguments=HEAVY, lane=Lane.HEAVY)
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, [calculation], "first")
    return calculation


def test_a_submission_withdraws_a_pending_cancel(engine, submitted):
    calculation = heavy(engine)
    with engine.begin() as connection:
        claimed = claim(connection, calculation)
        cancel(connection, calculation)
    row = submitted(calculation)
    assert (row.status, row.cancel_requested, row.attempt) == ("running", False, 1)
    with engine.begin() as connection:
        assert not finish_cancelled(connection, claimed)
        assert attempts.finish_succeeded(connection, claimed, make_result(), **MINE)


def test_a_cancelled_calculation_that_is_resubmitted_is_published_again(engine, submitted):
    calculation = heavy(engine)
    with engine.begin() as connection:
        assert len(heavy_outbox.take_heavy(9).on(connection).due) == 1
    with engine.begin() as connection:
        cancel(connection, calculation)
    assert submitted(calculation).status == "queued"
    with engine.begin() as connection:
        (due,) = heavy_outbox.take_heavy(9).on(connection).due
        assert due.work.calculation_id == calculation.id


def test_a_resubmitted_calculation_begins_anew_after_its_cancel(engine, submitted):
    calculation = heavy(engine)
    with engine.begin() as connection:
        change(connection, calculation, "attempt = 2")
        claimed = claim(connection, calculation)
        leases.extend_leases(
            connection,
            [Renewal(calculation.id, claimed.attempt, 0.5)],
            lease_seconds=60,
            **MINE,
        )
        cancel(connection, calculation)
        finish_cancelled(connection, claimed)
        change(connection, calculation, "not_before = now() + interval '1h'")
    row = submitted(calculation)
    assert (row.status, row.progress, row.error) == ("queued", 0, None)
    assert (row.started_at, row.finished_at, row.compute_seconds) == (None, None, None)
    with engine.begin() as connection:
        assert stored(connection, calculation, "attempt - attempt_base") == 0
        assert stored(connection, calculation, "request_id") != "first"
        assert len(heavy_outbox.take_heavy(9).on(connection).due) == 1  # the pause is over
        assert claim(connection, calculation).attempt == 4


def test_only_calculations_that_ended_without_a_result_are_requeued(connection, running):
    calculation, _ = running
    queued, done = queue(connection, n=2), queue(connection, n=3, lane=Lane.HEAVY)
    attempts.finish_succeeded(connection, claim(connection, done), make_result(), **MINE)
    others = [calculation, queued, done]
    before = [row_of(connection, one) for one in others]
    assert calculations.requeue_ended(connection, others, "again") == set()
    assert [row_of(connection, one) for one in others] == before


def test_a_requeued_calculation_takes_its_new_lane(connection):
    made = [make_calculation(arguments={"n": n}, lane=Lane.QUICK) for n in (1, 2)]
    new_calculations.insert_queued(connection, made, "request")
    for one in made:
        cancel(connection, one)
    again = [
        make_calculation(arguments={"n": n}, lane=lane)
        for n, lane in ((1, Lane.HEAVY), (2, Lane.QUICK))
    ]
    assert calculations.requeue_ended(connection, again, "again") == {one.id for one in made}
    assert [row_of(connection, one).lane for one in made] == ["heavy", "quick"]
