"""Who is notified of what a heavy worker writes: waiting clients, and the relay."""

import time
from collections.abc import Callable

import pytest

from shared.calculation import Calculation, Lane, Status
from shared.failures import CANCELLED_JSON
from shared.store.calculations import cancel_calculation
from shared.store.new_calculations import insert_queued
from tests.child_with_test_functions import COMMAND
from tests.integration.lanes import Feed, WorkerThread, make_test_calculation
from tests.integration.listening import Heard, listening
from tests.integration.rows import WORKER, claim
from workers.heavy.attempt import Attempt
from workers.heavy.lease import End, Lease
from workers.sandbox.outside.children import Children


@pytest.fixture
def attempt(engine, store_settings):
    """Makes an attempt at a new calculation; each is claimed already."""

    def make(name: str, n: int = 10) -> tuple[Calculation, Lease, Callable[[], None]]:
        calculation = make_test_calculation(name, n, Lane.HEAVY)
        with engine.begin() as connection:
            insert_queued(connection, [calculation], "request")
            claimed = claim(connection, calculation)
        lease = Lease(claimed, time.monotonic() + 60)
        run = Attempt(lease, store_settings, engine, WORKER, Children(child_command=COMMAND)).run
        return calculation, lease, run

    return make


@pytest.mark.parametrize(
    ("name", "status"), [("whole", "succeeded"), ("fail", "failed"), ("crash", "queued")]
)
def test_waiting_clients_are_notified_of_the_end_of_an_attempt(
    feed, attempt, store_settings, name, status
):
    calculation, _, run = attempt(name)
    with listening(store_settings) as heard:
        run()
        assert heard.changed() == [str(calculation.id)]
    assert feed.status(calculation) == status


@pytest.fixture
def feed(store_settings, engine) -> Feed:
    return Feed(store_settings, engine)


def test_a_relay_is_notified_of_what_is_handed_back(feed, attempt, store_settings):
    calculation, lease, run = attempt("hang")
    lease.end_as(End.STOPPING)
    with listening(store_settings) as heard:
        run()
        assert (heard.changed(), heard.outbox()) == ([str(calculation.id)], ["heavy"])
    assert feed.status(calculation) is Status.QUEUED


def test_a_stop_carries_out_a_pending_cancel(feed, attempt, store_settings):
    calculation, lease, run = attempt("hang")
    with feed.engine.begin() as connection:
        cancel_calculation(connection, calculation.id, CANCELLED_JSON)
    lease.end_as(End.STOPPING)
    with listening(store_settings) as heard:
        run()
        assert (heard.changed(), heard.outbox()) == ([str(calculation.id)], [])
    assert feed.status(calculation) is Status.CANCELLED


def test_a_crash_with_a_pending_cancel_is_not_tried_again(feed, attempt):
    calculation, _, run = attempt("crash")
    with feed.engine.begin() as connection:
        cancel_calculation(connection, calculation.id, CANCELLED_JSON)
    run()
    assert feed.status(calculation) is Status.CANCELLED


def test_an_attempt_whose_claim_is_lost_notifies_nobody(feed, attempt, store_settings):
    calculation, _, run = attempt("whole")
    feed.execute("UPDATE calculations SET attempt = attempt + 1")
    before = feed.row(calculation)
    with listening(store_settings) as heard:
        run()
        assert (heard.changed(), heard.outbox()) == ([], [])
    assert feed.row(calculation) == before


def test_a_result_records_the_earlier_attempts_that_left_chunks(
    feed, engine, store_settings, attempt
):
    calculation, lease, _ = attempt("whole")
    feed.execute(
        "INSERT INTO result_chunks (calculation_id, attempt, ordinal, digits)"
        " VALUES (:id, 1, 0, '7')",
        id=calculation.id,
    )
    feed.execute(
        "UPDATE calculations SET status = 'queued', worker_id = NULL, lease_until = NULL,"
        " started_at = NULL"
    )
    with engine.begin() as connection:
        second = claim(connection, calculation)
    assert second.attempt == 2
    lease = Lease(second, time.monotonic() + 60)
    Attempt(lease, store_settings, engine, WORKER, Children(child_command=COMMAND)).run()
    assert feed.status(calculation) is Status.SUCCEEDED
    assert feed.scalar("SELECT attempt FROM lost_attempts") == 1


def changed_while_it_runs(feed: Feed, heard: Heard, calculation: Calculation) -> list[str]:
    feed.submit(calculation)
    feed.wait_for(Status.RUNNING, calculation)
    return heard.changed()


@pytest.mark.slow
def test_waiting_clients_are_notified_that_a_calculation_runs(settings, engine):
    feed, calculation = Feed(settings, engine), make_test_calculation("hang", 1, Lane.HEAVY)
    with WorkerThread(settings, Lane.HEAVY), listening(settings) as heard:
        assert changed_while_it_runs(feed, heard, calculation)[0] == str(calculation.id)
