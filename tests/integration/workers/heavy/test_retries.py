"""When a calculation is tried again: after a kill, a crash, or a lack of memory."""

import dataclasses
from datetime import timedelta

import pytest

from shared.calculation import Lane, Status
from tests.eventually import eventually
from tests.integration.lanes import WorkerThread
from tests.integration.worker_processes import WorkerProcess
from tests.integration.workers.heavy.steps import (
    cancel,
    kill_child,
    kill_for_lack_of_memory,
    make_heavy,
    outcomes,
    publish_once_due,
)

pytestmark = pytest.mark.slow


def test_a_killed_child_costs_one_attempt(feed, settings, tmp_path, hold, installed_test_functions):
    calculation = make_heavy("wait_for_release")
    feed.submit(calculation)
    with WorkerProcess(settings, Lane.HEAVY, tmp_path / "log") as worker:
        kill_child(feed, worker.pid, calculation)
        row = feed.row(calculation)
        assert (row.status, outcomes(feed, calculation)) == ("queued", ["killed"])
        paused = "not_before - CAST(history -> -1 ->> 'ended_at' AS timestamptz)"
        assert feed.scalar(f"SELECT {paused} FROM calculations") == timedelta(seconds=1)
        publish_once_due(feed, calculation)
        hold.release()
        feed.wait_for(Status.SUCCEEDED, calculation)
    assert outcomes(feed, calculation) == ["killed", "succeeded"]


def test_a_calculation_whose_child_is_killed_each_time_fails(
    feed, settings, tmp_path, installed_test_functions
):
    calculation = make_heavy("hang")
    feed.submit(calculation)
    with WorkerProcess(settings, Lane.HEAVY, tmp_path / "log") as worker:
        for attempt in range(settings.max_attempts):
            if attempt:
                publish_once_due(feed, calculation)
            kill_child(feed, worker.pid, calculation)
    error = feed.row(calculation).error
    assert feed.status(calculation) is Status.FAILED
    assert error["type"] == "urn:reckoner:problem:process-died"
    assert "SIGKILL" in error["detail"]
    assert "3 times" in error["detail"]
    assert outcomes(feed, calculation) == ["killed", "killed", error["type"]]


@pytest.mark.parametrize("name", ["crash", "abort"])
def test_a_crash_is_tried_once_more(feed, heavy_worker, name, monkeypatch):
    monkeypatch.setattr("workers.heavy.attempt.RETRY_BACKOFF_SECONDS", 0.1)
    calculation = make_heavy(name)
    feed.submit(calculation)
    eventually(lambda: outcomes(feed, calculation))
    publish_once_due(feed, calculation)
    feed.wait_for(Status.FAILED, calculation)
    died = "urn:reckoner:problem:process-died"
    assert outcomes(feed, calculation) == ["crashed", died]
    assert feed.row(calculation).error["type"] == died


def test_a_second_lack_of_memory_fails_with_a_reason_about_memory(feed, heavy_worker, oom_kills):
    calculation = make_heavy("hang")
    feed.submit(calculation)
    kill_for_lack_of_memory(feed, calculation, oom_kills)
    assert outcomes(feed, calculation) == ["out-of-memory"]
    publish_once_due(feed, calculation)
    kill_for_lack_of_memory(feed, calculation, oom_kills)
    error = feed.row(calculation).error
    assert outcomes(feed, calculation) == ["out-of-memory", error["type"]]
    assert error["type"] == "urn:reckoner:problem:memory-limit"
    assert "alone in its worker" in error["detail"]


def test_after_memory_ran_out_a_calculation_has_its_worker_to_itself(
    feed, settings, hold, oom_kills
):
    settings = dataclasses.replace(settings, heavy_slots=3)
    large, beside, after = make_heavy("hang"), make_heavy("wait_for_release"), make_heavy("whole")
    with WorkerThread(settings, Lane.HEAVY) as worker:
        feed.submit(large)
        kill_for_lack_of_memory(feed, large, oom_kills)
        feed.submit(beside)
        feed.wait_for(Status.RUNNING, beside)
        publish_once_due(feed, large)
        feed.wait_for(Status.RUNNING, large)
        # From then on it takes nothing new, although one slot is unused.
        eventually(lambda: worker.free_slots == 0)
        eventually(lambda: feed.subscriptions(Lane.HEAVY) == 0)
        feed.submit(after)
        assert feed.row(large).progress == 0
        hold.release()
        eventually(lambda: feed.row(large).progress > 0)
        # It began after what ran beside it, and before what came later.
        assert feed.status(beside) is Status.SUCCEEDED
        assert feed.status(after) is Status.QUEUED
        assert feed.ready(Lane.HEAVY) == 1
        cancel(feed, large)
        feed.wait_for(Status.SUCCEEDED, after)


def test_one_that_waits_to_be_alone_can_be_cancelled(feed, settings, oom_kills):
    settings = dataclasses.replace(settings, heavy_slots=2)
    large, beside, after = make_heavy("hang", 1), make_heavy("hang", 2), make_heavy("whole")
    with WorkerThread(settings, Lane.HEAVY):
        feed.submit(large)
        kill_for_lack_of_memory(feed, large, oom_kills)
        feed.submit(beside)
        feed.wait_for(Status.RUNNING, beside)
        publish_once_due(feed, large)
        feed.wait_for(Status.RUNNING, large)
        cancel(feed, large)
        feed.wait_for(Status.CANCELLED, large, seconds=5)
        feed.submit(after)
        feed.wait_for(Status.SUCCEEDED, after, seconds=10)
