"""The heavy lane: claims, children, cancels, and workers that stop or vanish."""

import os
import signal
import time
from pathlib import Path
from uuid import uuid4

import gmpy2
import pytest

from shared.calculation import Lane, Status
from shared.config import load_settings
from shared.failures import CANCELLED_JSON
from shared.store.calculations import cancel_calculation
from shared.store.leases import claim_calculation
from shared.store.models import CHUNK_DIGITS
from tests.child_with_test_functions import COMMAND
from tests.eventually import eventually
from tests.factories import make_calculation
from tests.integration.lanes import (
    Feed,
    WorkerProcess,
    WorkerThread,
    body_of,
    calculating_children_of,
    make_test_calculation,
)
from workers.attempt import Attempt
from workers.children import Children
from workers.lease import End, Lease


@pytest.fixture
def feed(settings, engine) -> Feed:
    return Feed(settings, engine)


@pytest.fixture
def heavy_worker(settings):
    with WorkerThread(settings, Lane.HEAVY) as worker:
        yield worker


def misbehaving(name, n=10):
    return make_test_calculation(name, n, Lane.HEAVY)


def cancel(feed, calculation) -> None:
    with feed.engine.begin() as connection:
        cancel_calculation(connection, calculation.id, CANCELLED_JSON)


@pytest.mark.parametrize("n", [1, 8_192, 8_193, CHUNK_DIGITS, 2 * CHUNK_DIGITS + 1])
def test_a_result_is_stored_whole_and_once(feed, heavy_worker, n):
    calculation = misbehaving("repeat", n)
    feed.submit(calculation)
    feed.publish(Lane.HEAVY, body_of(calculation))
    feed.wait_for(Status.SUCCEEDED, calculation)
    row = feed.row(calculation)
    assert feed.digits(calculation) == "7" * n
    assert (row["attempt"], row["progress"], row["result_digits"]) == (1, 1, n)
    assert row["compute_seconds"] < 10
    eventually(lambda: feed.ready(Lane.HEAVY) == 0)
    heavy_worker.stop()
    assert feed.ready(Lane.HEAVY) == 0
    assert feed.row(calculation) == row
    assert feed.scalar("SELECT count(*) FROM result_chunks") == (
        0 if n <= 8_192 else -(-n // CHUNK_DIGITS)
    )


def test_a_real_function_runs_in_a_real_worker(feed, settings, tmp_path):
    calculation = make_calculation(arguments={"n": 3_000_000}, lane=Lane.HEAVY)
    feed.submit(calculation)
    with WorkerProcess(settings, Lane.HEAVY, tmp_path / "log"):
        feed.wait_for(Status.SUCCEEDED, calculation)
    assert feed.digits(calculation) == gmpy2.fib(3_000_000).digits()


def test_a_busy_worker_holds_no_message_that_another_could_run(feed, heavy_worker):
    running, *waiting = [misbehaving("hang", n) for n in range(3)]
    feed.submit(running)
    feed.wait_for(Status.RUNNING, running)
    feed.submit(*waiting)
    time.sleep(0.5)  # longer than the consumer sleeps
    assert feed.ready(Lane.HEAVY) == 2
    cancel(feed, running)
    eventually(lambda: feed.ready(Lane.HEAVY) == 1)


def test_all_slots_are_used(feed, database_url, broker_url):
    settings = load_settings(
        {"database_url": database_url, "broker_url": broker_url, "heavy_slots": 3}
    )
    calculations = [misbehaving("hang", n) for n in range(4)]
    with WorkerThread(settings, Lane.HEAVY):
        feed.submit(*calculations)
        eventually(
            lambda: feed.scalar("SELECT count(*) FROM calculations WHERE status = 'running'") == 3
        )
        assert feed.ready(Lane.HEAVY) == 1


@pytest.mark.parametrize("name", ["hang", "multiply"])
def test_a_cancel_ends_a_running_calculation_within_two_seconds(feed, heavy_worker, name):
    calculation = misbehaving(name)
    feed.submit(calculation)
    eventually(lambda: feed.row(calculation)["progress"] > 0)
    began = time.monotonic()
    cancel(feed, calculation)
    feed.wait_for(Status.CANCELLED, calculation)
    assert time.monotonic() - began < 2
    following = misbehaving("whole")
    feed.submit(following)
    feed.wait_for(Status.SUCCEEDED, following, seconds=5)


def test_a_cancel_that_was_withdrawn_in_time_hands_the_calculation_back(feed, settings):
    calculation = misbehaving("hang")
    feed.insert(calculation)
    worker_id = uuid4()
    with feed.engine.begin() as connection:
        claim = claim_calculation(connection, calculation.id, worker_id=worker_id, lease_seconds=60)
    assert claim is not None
    lease = Lease(claim, time.monotonic() + 60)
    lease.end_as(End.CANCELLED)  # the heartbeat saw it; a new submission has taken it back since
    Attempt(lease, settings, feed.engine, worker_id, Children(COMMAND)).run()
    assert feed.status(calculation) is Status.QUEUED
    assert feed.scalar("SELECT attempt - attempt_base FROM calculations") == 0


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("fail", "function-failed"),
        ("wrong", "result-wrong"),
        ("crash", "process-died"),
        ("hog_in_gmp", "memory-limit"),
        ("fibonacci", "function-gone"),
    ],
)
def test_a_failure_has_a_reason_and_does_not_come_again(feed, heavy_worker, name, reason):
    # The child of these tests knows only their own functions.
    unheard_of = make_calculation(lane=Lane.HEAVY)
    calculation = unheard_of if name == "fibonacci" else misbehaving(name)
    feed.submit(calculation)
    feed.wait_for(Status.FAILED, calculation)
    row = feed.row(calculation)
    assert row["error"]["type"] == f"urn:reckoner:problem:{reason}"
    assert row["attempt"] == 1
    assert feed.ready(Lane.HEAVY) == 0


def test_a_killed_child_fails_its_calculation(feed, settings, tmp_path):
    calculation = make_calculation(arguments={"n": 1_000_000_000}, lane=Lane.HEAVY)
    feed.submit(calculation)
    with WorkerProcess(settings, Lane.HEAVY, tmp_path / "log") as worker:
        child = eventually(lambda: calculating_children_of(worker))[0]
        os.kill(child, signal.SIGKILL)
        feed.wait_for(Status.FAILED, calculation)
    assert "SIGKILL" in feed.row(calculation)["error"]["detail"]


def test_a_partial_result_leaves_no_chunks(feed, database_url, broker_url):
    settings = load_settings(
        {"database_url": database_url, "broker_url": broker_url, "time_limit_seconds": 5}
    )
    calculation = misbehaving("begin", 20 * CHUNK_DIGITS)
    with WorkerThread(settings, Lane.HEAVY):
        feed.submit(calculation)
        eventually(lambda: feed.scalar("SELECT count(*) FROM result_chunks"))
        feed.wait_for(Status.FAILED, calculation)
    assert feed.scalar("SELECT count(*) FROM result_chunks") == 0


def test_a_stopped_worker_hands_its_work_back_at_once(feed, settings, tmp_path):
    calculation = make_calculation(arguments={"n": 1_000_000_000}, lane=Lane.HEAVY)
    feed.submit(calculation)
    with WorkerProcess(settings, Lane.HEAVY, tmp_path / "log") as worker:
        child = eventually(lambda: calculating_children_of(worker))[0]
        began = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(10) == 0
        assert time.monotonic() - began < 2
    assert not Path(f"/proc/{child}").exists()
    assert feed.status(calculation) is Status.QUEUED
    released = "attempt = attempt_base AND published_at IS NULL AND not_before <= now()"
    assert feed.scalar(f"SELECT count(*) FROM calculations WHERE {released}") == 1
    assert feed.scalar("SELECT count(*) FROM workers") == 0
    assert feed.ready(Lane.HEAVY) == 0


def test_a_second_signal_ends_a_worker_at_once(feed, settings, tmp_path):
    calculation = make_calculation(arguments={"n": 1_000_000_000}, lane=Lane.HEAVY)
    feed.submit(calculation)
    with WorkerProcess(settings, Lane.HEAVY, tmp_path / "log") as worker:
        eventually(lambda: calculating_children_of(worker))
        with feed.engine.begin() as connection:
            # So that it cannot hand its claim back.
            connection.exec_driver_sql("LOCK calculations")
            worker.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            assert worker.poll() is None
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(1) == 128 + signal.SIGTERM


def test_a_worker_without_its_lease_stops_and_writes_nothing(feed, heavy_worker):
    calculation = misbehaving("hang")
    feed.submit(calculation)
    feed.wait_for(Status.RUNNING, calculation)
    feed.execute("UPDATE calculations SET attempt = attempt + 1, worker_id = gen_random_uuid()")
    taken = feed.row(calculation)
    following = misbehaving("whole")
    feed.submit(following)
    feed.wait_for(Status.SUCCEEDED, following)
    assert feed.row(calculation) == taken


def test_a_lease_that_cannot_be_renewed_is_taken_for_lost(feed, database_url, broker_url):
    settings = load_settings(
        {
            "database_url": database_url,
            "broker_url": broker_url,
            "lease_seconds": 1.5,
            "heartbeat_seconds": 0.2,
            "heavy_slots": 1,
        }
    )
    calculation, following = misbehaving("hang"), misbehaving("whole")
    with WorkerThread(settings, Lane.HEAVY):
        feed.submit(calculation)
        feed.wait_for(Status.RUNNING, calculation)
        with feed.engine.begin() as connection:
            connection.exec_driver_sql("LOCK calculations")  # the heartbeat waits
            time.sleep(2.5)
        feed.submit(following)
        feed.wait_for(Status.SUCCEEDED, following)
        assert feed.status(calculation) in (Status.RUNNING, Status.QUEUED)


def test_broken_connections_to_postgresql_are_outlived(feed, heavy_worker):
    calculation = misbehaving("slow", 20)
    feed.submit(calculation)
    feed.wait_for(Status.RUNNING, calculation)
    for _ in range(8):
        feed.scalar(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE application_name = 'worker in a test'"
        )
        time.sleep(0.25)
    feed.wait_for(Status.SUCCEEDED, calculation)
    assert feed.row(calculation)["attempt"] == 1


def test_a_lost_queue_disturbs_neither_what_runs_nor_what_follows(feed, heavy_worker):
    calculation, following = misbehaving("slow", 20), misbehaving("whole")
    feed.submit(calculation)
    feed.wait_for(Status.RUNNING, calculation)
    feed.delete_queue(Lane.HEAVY)
    feed.wait_for(Status.SUCCEEDED, calculation)
    feed.submit(following)
    feed.wait_for(Status.SUCCEEDED, following)
    assert feed.row(calculation)["attempt"] == 1


@pytest.mark.parametrize("body", [b"", b"[1]", b'{"queue_name": 1}'])
def test_a_message_that_is_none_is_put_aside(feed, heavy_worker, body):
    calculation = misbehaving("whole")
    feed.insert(calculation)
    feed.publish(Lane.HEAVY, body, body_of(calculation))
    feed.wait_for(Status.SUCCEEDED, calculation)
    eventually(lambda: feed.dead(Lane.HEAVY) == 1)


def test_progress_reaches_the_row(feed, heavy_worker):
    calculation = misbehaving("hang")
    feed.submit(calculation)
    eventually(lambda: feed.row(calculation)["progress"] == 0.25)
