"""When a quick worker acknowledges, and what becomes of a message if it cannot."""

import signal
import threading

import pytest
from sqlalchemy import text

from shared.calculation import Lane, Status
from tests.child_with_test_functions import REGISTRY
from tests.eventually import eventually
from tests.integration.failing import make_unwritable, make_writable
from tests.integration.lanes import WorkerThread, body_of, make_test_calculation
from tests.integration.worker_processes import WorkerProcess
from tests.integration.workers.quick.calculations import fibonacci, with_room_for_test_functions


@pytest.mark.slow
def test_a_message_is_acknowledged_after_its_result_is_committed(feed, settings, tmp_path):
    calculation = fibonacci(1_000)
    feed.submit(calculation)
    with feed.engine.begin() as connection:
        connection.execute(
            text("SELECT 1 FROM calculations WHERE id = :id FOR UPDATE"), {"id": calculation.id}
        )
        with WorkerProcess(settings, Lane.QUICK, tmp_path / "log") as worker:
            eventually(lambda: waits_for_a_lock(feed))
            assert feed.ready(Lane.QUICK) == 0
            worker.kill()
            eventually(lambda: feed.ready(Lane.QUICK) == 1)


def waits_for_a_lock(feed) -> bool:
    return bool(
        feed.scalar(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    )


@pytest.mark.slow
def test_a_stopping_worker_commits_its_results_and_leaves_the_rest_queued(feed, settings, tmp_path):
    calculations = [fibonacci(n) for n in range(3_000)]
    feed.submit(*calculations)
    log = tmp_path / "log"
    with WorkerProcess(settings, Lane.QUICK, log) as worker:
        eventually(lambda: feed.scalar("SELECT count(*) FROM workers") == 1)
        eventually(
            lambda: feed.scalar("SELECT count(*) FROM calculations WHERE status = 'succeeded'")
        )
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(10) == 0
    done = feed.scalar("SELECT count(*) FROM calculations WHERE status = 'succeeded'")
    eventually(lambda: feed.ready(Lane.QUICK) == len(calculations) - done)
    assert feed.scalar("SELECT count(*) FROM workers") == 0
    with WorkerProcess(settings, Lane.QUICK, log):
        feed.wait_for(Status.SUCCEEDED, *calculations)


def test_a_result_that_cannot_be_stored_is_dead_lettered_and_delays_no_other(
    feed, settings, registry
):
    """It goes to the dead letters, with all of its message; what is beside it is stored."""
    good, beside, bad = fibonacci(1_000), fibonacci(2_000), fibonacci(3_000)
    make_unwritable(feed.engine, "23514", bad.id)
    feed.insert(good, beside, bad)
    feed.publish(Lane.QUICK, body_of(beside, bad), body_of(good))
    with WorkerThread(settings, Lane.QUICK, registry):
        feed.wait_for(Status.SUCCEEDED, good, beside)
        eventually(lambda: feed.dead(Lane.QUICK) == 1)
    assert feed.status(bad) is Status.QUEUED
    assert feed.ready(Lane.QUICK) == 0


@pytest.mark.slow
def test_results_that_a_stopping_worker_cannot_store_are_computed_by_another(
    feed, settings, registry, monkeypatch
):
    monkeypatch.setattr("workers.quick.group_commit._LAST_TRIES_SECONDS", 0.2)
    calculation = fibonacci(1_000)
    make_unwritable(feed.engine, "53100")
    feed.submit(calculation)
    with WorkerThread(settings, Lane.QUICK, registry):
        eventually(lambda: feed.ready(Lane.QUICK) == 0)
    eventually(lambda: feed.ready(Lane.QUICK) == 1)
    assert feed.status(calculation) is Status.QUEUED
    make_writable(feed.engine)
    with WorkerThread(settings, Lane.QUICK, registry):
        feed.wait_for(Status.SUCCEEDED, calculation)


@pytest.mark.slow
def test_a_deleted_queue_is_declared_again(feed, quick_worker):
    first, second = fibonacci(1_000), fibonacci(2_000)
    feed.submit(first)
    feed.wait_for(Status.SUCCEEDED, first)
    feed.delete_queue(Lane.QUICK)
    feed.submit(second)
    feed.wait_for(Status.SUCCEEDED, second)


@pytest.mark.slow
def test_a_worker_whose_calculation_hangs_exits(feed, settings, monkeypatch):
    monkeypatch.setattr("workers.quick.lane._HANGING_SECONDS", 0.5)
    hanging, good = make_test_calculation("quick_hang"), make_test_calculation("whole")
    feed.submit(good)
    feed.submit(hanging)
    with WorkerThread(with_room_for_test_functions(settings), Lane.QUICK, REGISTRY) as worker:
        feed.wait_for(Status.SUCCEEDED, good)
        worker.join()
        assert worker.status == 1


@pytest.mark.slow
def test_a_worker_whose_estimate_hangs_exits(feed, settings, monkeypatch):
    monkeypatch.setattr("workers.quick.lane._HANGING_SECONDS", 0.5)
    calculation = make_test_calculation("whole")

    def hang(_admission: object, _function: object, _text: str) -> None:
        threading.Event().wait(3600)

    monkeypatch.setattr("workers.quick.admission.Admission.bind", hang)
    feed.submit(calculation)
    with WorkerThread(with_room_for_test_functions(settings), Lane.QUICK, REGISTRY) as worker:
        worker.join()
        assert worker.status == 1


@pytest.mark.slow
def test_a_worker_that_cannot_consume_exits(store_settings, registry, monkeypatch):
    monkeypatch.setattr("workers.lifecycle.SILENCE_SECONDS", 1.0)
    with WorkerThread(store_settings, Lane.QUICK, registry) as worker:
        worker.join()
        assert worker.status == 1
