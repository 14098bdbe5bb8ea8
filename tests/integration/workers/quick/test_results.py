"""Quick calculations: what is stored of each, succeeded or failed."""

import time

import gmpy2
import pytest

from shared.calculation import Lane, Status
from shared.failures import CANCELLED_JSON
from shared.result import CHUNK_BYTES, ROW_BYTES
from shared.store.calculations import cancel_calculation
from tests.child_with_test_functions import REGISTRY
from tests.eventually import eventually
from tests.integration.lanes import WorkerThread, body_of, make_test_calculation
from tests.integration.workers.quick.calculations import fibonacci, with_room_for_test_functions


@pytest.mark.slow
def test_every_message_ends_in_its_exact_result(feed, quick_worker):
    calculations = [fibonacci(n) for n in range(1_000)]
    feed.submit(*calculations)
    feed.wait_for(Status.SUCCEEDED, *calculations)
    for calculation in calculations:
        assert feed.digits(calculation) == gmpy2.fib(calculation.arguments.values["n"]).digits()
    assert feed.row(calculations[-1]).attempt == 1
    quick_worker.stop()
    eventually(lambda: feed.ready(Lane.QUICK) == 0)
    assert feed.dead(Lane.QUICK) == 0


@pytest.mark.parametrize("n", [39_100, 39_300, 1_400_000])
@pytest.mark.slow
def test_long_results_are_stored_in_chunks(feed, quick_worker, n):
    calculation = fibonacci(n)
    feed.submit(calculation)
    feed.wait_for(Status.SUCCEEDED, calculation)
    digits = gmpy2.fib(n).digits()
    row = feed.row(calculation)
    assert feed.digits(calculation) == digits
    assert row.result_digits == len(digits)
    assert (row.result_value is None) is (len(digits) > ROW_BYTES)
    chunks = feed.scalar("SELECT count(*) FROM result_chunks")
    assert chunks == (0 if len(digits) <= ROW_BYTES else -(-len(digits) // CHUNK_BYTES))


@pytest.mark.slow
def test_a_redelivered_message_changes_nothing(feed, quick_worker):
    calculation = fibonacci(1_000)
    feed.submit(calculation)
    feed.publish(Lane.QUICK, *[body_of(calculation)] * 50)
    feed.wait_for(Status.SUCCEEDED, calculation)
    first = feed.row(calculation)
    marker = fibonacci(2_000)
    feed.submit(marker)
    feed.wait_for(Status.SUCCEEDED, marker)
    quick_worker.stop()
    assert feed.row(calculation) == first
    eventually(lambda: feed.ready(Lane.QUICK) == 0)


def test_a_cancelled_calculation_stays_cancelled(feed, settings, registry):
    cancelled, marker = fibonacci(1_000), fibonacci(2_000)
    feed.submit(cancelled, marker)
    with feed.engine.begin() as connection:
        cancel_calculation(connection, cancelled.id, CANCELLED_JSON)
    with WorkerThread(settings, Lane.QUICK, registry):
        feed.wait_for(Status.SUCCEEDED, marker)
    assert feed.status(cancelled) is Status.CANCELLED
    eventually(lambda: feed.ready(Lane.QUICK) == 0)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("fail", "function-failed"), ("wrong", "result-wrong"), ("nothing", "result-invalid")],
)
def test_a_function_that_fails_fails_its_calculation_alone(feed, settings, name, reason):
    bad = make_test_calculation(name)
    good = [make_test_calculation("whole", n) for n in range(1, 50)]
    feed.submit(good[0], bad, *good[1:])
    with WorkerThread(with_room_for_test_functions(settings), Lane.QUICK, REGISTRY):
        feed.wait_for(Status.SUCCEEDED, *good)
        feed.wait_for(Status.FAILED, bad)
    error = feed.row(bad).error
    assert error["type"] == f"urn:reckoner:problem:{reason}"
    assert error["detail"]


@pytest.mark.slow
def test_broken_database_connections_lose_nothing(feed, settings, registry):
    calculations = [fibonacci(n) for n in range(3_000)]
    feed.submit(*calculations)
    with WorkerThread(settings, Lane.QUICK, registry):
        for _ in range(5):
            feed.scalar(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE application_name = 'worker in a test'"
            )
            time.sleep(0.1)
        feed.wait_for(Status.SUCCEEDED, *calculations)
    eventually(lambda: feed.ready(Lane.QUICK) == 0)


def test_computing_waits_while_too_many_results_wait_for_their_commit(
    feed, settings, registry, monkeypatch
):
    monkeypatch.setattr("workers.quick.group_commit._WAITING_BYTES", 1_000)
    calculations = [fibonacci(n) for n in range(20_000, 20_040)]  # of 4,000 digits each
    feed.submit(*calculations)
    with WorkerThread(settings, Lane.QUICK, registry):
        feed.wait_for(Status.SUCCEEDED, *calculations)
