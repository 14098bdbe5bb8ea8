"""A heavy worker whose claim cannot be written, renewed or kept, and one that is stopped."""

import dataclasses
import os
import signal
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from shared.calculation import Lane, Status
from tests.child_with_test_functions import COMMAND
from tests.children import calculating_children_of
from tests.eventually import eventually
from tests.factories import make_calculation
from tests.integration.failing import make_unwritable
from tests.integration.lanes import WorkerThread
from tests.integration.rows import WORKER, claim, waits_for_a_lock
from tests.integration.worker_processes import WorkerProcess
from tests.integration.workers.heavy.steps import make_heavy, outcomes
from workers.heavy.attempt import Attempt
from workers.heavy.lease import End, Lease
from workers.sandbox.outside.children import Children


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.slow
def test_a_stopped_worker_hands_its_work_back_at_once(feed, settings, tmp_path, stop):
    calculation = make_calculation(arguments={"n": 1_000_000_000}, lane=Lane.HEAVY)
    feed.submit(calculation)
    with WorkerProcess(settings, Lane.HEAVY, tmp_path / "log") as worker:
        child = eventually(lambda: calculating_children_of(worker.pid))[0]
        began = time.monotonic()
        worker.send_signal(stop)
        assert worker.wait(10) == 0
        assert time.monotonic() - began < 2
    assert not Path(f"/proc/{child}").exists()
    assert feed.status(calculation) is Status.QUEUED
    released = "attempt = attempt_base AND published_at IS NULL AND not_before <= now()"
    assert feed.scalar(f"SELECT count(*) FROM calculations WHERE {released}") == 1
    assert feed.scalar("SELECT count(*) FROM workers") == 0
    assert feed.ready(Lane.HEAVY) == 0


@pytest.fixture
def stopped_attempt(feed, settings):
    """An attempt at a calculation, in a worker that stops and starts no child any more."""
    calculation = make_heavy("whole")
    feed.insert(calculation)
    with feed.engine.begin() as connection:
        lease = Lease(claim(connection, calculation), time.monotonic() + 60)
    children = Children(child_command=COMMAND)
    children.close()
    lease.end_as(End.STOPPING)
    return calculation, Attempt(lease, settings, feed.engine, WORKER, children)


@pytest.mark.slow
def test_a_stopped_worker_tries_only_briefly_to_hand_a_claim_back(feed, stopped_attempt):
    calculation, attempt = stopped_attempt
    make_unwritable(feed.engine, "53100")
    began = time.monotonic()
    attempt.run()
    assert time.monotonic() - began < 5
    assert feed.status(calculation) is Status.RUNNING


def test_a_stopped_worker_that_can_start_no_child_hands_its_claim_back(feed, stopped_attempt):
    calculation, attempt = stopped_attempt
    attempt.run()
    assert feed.status(calculation) is Status.QUEUED
    assert outcomes(feed, calculation) == ["released"]
    assert feed.scalar("SELECT attempt - attempt_base FROM calculations") == 0


@pytest.mark.slow
def test_a_second_signal_ends_a_worker_at_once(feed, settings, tmp_path):
    calculation = make_calculation(arguments={"n": 1_000_000_000}, lane=Lane.HEAVY)
    feed.submit(calculation)
    with WorkerProcess(settings, Lane.HEAVY, tmp_path / "log") as worker:
        eventually(lambda: calculating_children_of(worker.pid))
        with feed.engine.begin() as connection:
            connection.exec_driver_sql("LOCK calculations")  # so that the claim cannot go back
            worker.send_signal(signal.SIGTERM)
            eventually(lambda: not calculating_children_of(worker.pid))
            assert worker.poll() is None
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(1) == 128 + signal.SIGTERM


@pytest.mark.slow
def test_a_calculation_without_its_lease_is_stopped_and_writes_nothing(feed, heavy_worker):
    calculation = make_heavy("hang")
    feed.submit(calculation)
    feed.wait_for(Status.RUNNING, calculation)
    feed.execute("UPDATE calculations SET attempt = attempt + 1, worker_id = gen_random_uuid()")
    taken = feed.row(calculation)
    following = make_heavy("whole")
    feed.submit(following)
    feed.wait_for(Status.SUCCEEDED, following)
    assert feed.row(calculation) == taken


@pytest.mark.slow
def test_a_lease_that_cannot_be_renewed_is_taken_for_lost(feed, settings):
    settings = dataclasses.replace(
        settings, lease_seconds=1.5, heartbeat_seconds=0.2, heavy_slots=1
    )
    calculation, following = make_heavy("hang"), make_heavy("whole")
    with WorkerThread(settings, Lane.HEAVY):
        feed.submit(calculation)
        eventually(lambda: calculating_children_of(os.getpid()))
        with feed.engine.begin() as connection:
            connection.exec_driver_sql("LOCK calculations")  # the heartbeat waits
            eventually(lambda: not calculating_children_of(os.getpid()))
        feed.submit(following)
        feed.wait_for(Status.SUCCEEDED, following)
        assert feed.status(calculation) in (Status.RUNNING, Status.QUEUED)


@pytest.mark.slow
def test_a_calculation_outlives_broken_connections_to_postgresql(feed, settings, hold):
    broken = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE application_name = 'worker in a test'"
    )
    calculation = make_heavy("wait_for_release")
    with WorkerThread(dataclasses.replace(settings, heartbeat_seconds=0.2), Lane.HEAVY):
        feed.submit(calculation)
        feed.wait_for(Status.RUNNING, calculation)
        for _ in range(8):
            eventually(lambda: feed.scalar(broken))
        hold.release()
        feed.wait_for(Status.SUCCEEDED, calculation)
    assert feed.row(calculation).attempt == 1


@pytest.mark.slow
def test_a_claim_is_committed_before_its_message_is_acknowledged(feed, settings, tmp_path):
    calculation = make_heavy("whole")
    feed.submit(calculation)
    with feed.engine.begin() as connection:
        connection.execute(
            text("SELECT 1 FROM calculations WHERE id = :id FOR UPDATE"), {"id": calculation.id}
        )
        with WorkerProcess(settings, Lane.HEAVY, tmp_path / "log") as worker:
            eventually(lambda: waits_for_a_lock(feed.engine))
            assert feed.ready(Lane.HEAVY) == 0
            worker.kill()
            eventually(lambda: feed.ready(Lane.HEAVY) == 1)


def test_a_claim_that_cannot_be_written_leaves_its_message_to_others(feed, settings):
    calculation = make_heavy("whole")
    make_unwritable(feed.engine, "53100")
    feed.submit(calculation)
    with WorkerThread(settings, Lane.HEAVY):
        eventually(lambda: feed.ready(Lane.HEAVY) == 0)  # it has taken the message
    eventually(lambda: feed.ready(Lane.HEAVY) == 1)
    assert feed.row(calculation).attempt == 0
