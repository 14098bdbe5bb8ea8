"""A cancel of a calculation that runs, and what ends with it."""

import time
from contextlib import suppress
from uuid import uuid4

import psutil
import pytest

from shared.calculation import Lane, Status
from shared.store.leases import claim_calculation
from tests.child_with_test_functions import COMMAND
from tests.eventually import eventually
from tests.integration.worker_processes import WorkerProcess
from tests.integration.workers.heavy.steps import cancel, make_heavy
from workers.heavy.attempt import Attempt
from workers.heavy.lease import End, Lease
from workers.sandbox.outside.children import Children


@pytest.mark.parametrize("name", ["hang", "multiply"])
@pytest.mark.slow
def test_a_cancel_ends_a_running_calculation_within_two_seconds(feed, heavy_worker, name):
    calculation = make_heavy(name)
    feed.submit(calculation)
    eventually(lambda: feed.row(calculation).progress > 0)
    began = time.monotonic()
    cancel(feed, calculation)
    feed.wait_for(Status.CANCELLED, calculation)
    assert time.monotonic() - began < 2
    following = make_heavy("whole")
    feed.submit(following)
    feed.wait_for(Status.SUCCEEDED, following, seconds=5)


def test_a_cancel_that_was_withdrawn_in_time_hands_the_calculation_back(feed, settings):
    calculation = make_heavy("hang")
    feed.insert(calculation)
    worker_id = uuid4()
    with feed.engine.begin() as connection:
        claim = claim_calculation(connection, calculation.id, worker_id=worker_id, lease_seconds=60)
    assert claim is not None
    lease = Lease(claim, time.monotonic() + 60)
    lease.end_as(End.CANCELLED)  # which a new submission has withdrawn since
    Attempt(lease, settings, feed.engine, worker_id, Children(child_command=COMMAND)).run()
    assert feed.status(calculation) is Status.QUEUED
    assert feed.scalar("SELECT attempt - attempt_base FROM calculations") == 0


@pytest.mark.slow
def test_what_a_function_hides_from_its_group_ends_with_a_cancel(
    feed, settings, tmp_path, installed_test_functions
):
    calculation = make_heavy("daemonize", 2)
    feed.submit(calculation)
    with WorkerProcess(settings, Lane.HEAVY, tmp_path / "log") as worker:
        hidden = eventually(lambda: sleep_commands_below(worker.pid))
        cancel(feed, calculation)
        feed.wait_for(Status.CANCELLED, calculation)
        assert not [pid for pid in hidden if psutil.pid_exists(pid)]


def sleep_commands_below(pid: int) -> list[int]:
    """Return those descendants of a process that run the command `sleep`."""
    found = []
    for descendant in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if descendant.name() == "sleep":
                found.append(descendant.pid)
    return found
