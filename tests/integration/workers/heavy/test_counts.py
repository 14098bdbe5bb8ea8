"""What a heavy worker counts of its attempts and of their processes."""

import time
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.calculation import Status
from shared.metrics.catalogue import (
    ATTEMPTS_ENDED,
    CHILD_ENDS,
    CHILD_STARTS,
    COMPUTE_SECONDS,
    FINISHED,
    LATE_WRITES_REFUSED,
    RESULT_BYTES,
)
from shared.metrics.counters import Counters
from shared.store.leases import claim_calculation
from tests.child_with_test_functions import COMMAND
from tests.counted import counted
from tests.integration.workers.heavy.steps import cancel, make_heavy
from workers.heavy.attempt import Attempt
from workers.heavy.lease import End, Lease
from workers.sandbox.outside.children import Children


@pytest.fixture
def run(feed, settings):
    """Run one attempt at a function of the tests; return what was counted."""

    def run_one(name, change=lambda _lease, _calculation: None):
        counters = Counters()
        calculation = make_heavy(name)
        feed.insert(calculation)
        worker_id = uuid4()
        with feed.engine.begin() as connection:
            claim = claim_calculation(
                connection, calculation.id, worker_id=worker_id, lease_seconds=60
            )
        assert claim is not None
        lease = Lease(claim, time.monotonic() + 60)
        change(lease, calculation)
        children = Children(child_command=COMMAND)
        Attempt(lease, settings, feed.engine, worker_id, children, counters).run()
        children.close()
        return counters

    return run_one


def _ends(counters):
    return {
        metric.name.removeprefix("reckoner_"): counted(counters, metric)
        for metric in (ATTEMPTS_ENDED, FINISHED, CHILD_ENDS)
    }


@pytest.mark.slow
def test_a_success_is_counted_with_its_seconds_and_bytes(run):
    counters = run("whole")
    assert _ends(counters) == {
        "attempts_ended_total": {("succeeded",): 1},
        "calculations_finished_total": {("whole", "heavy", "succeeded"): 1},
        "child_ends_total": {("finished",): 1},
    }
    assert counted(counters, CHILD_STARTS) == {(): 1}
    assert counted(counters, COMPUTE_SECONDS) == {("whole", "heavy"): 1}
    assert counters.totals()[f"{RESULT_BYTES.name}_sum"] == {'["whole"]': 10}


@pytest.mark.slow
def test_a_failure_is_counted_by_its_reason(run):
    assert _ends(run("fail")) == {
        "attempts_ended_total": {("function-failed",): 1},
        "calculations_finished_total": {("fail", "heavy", "failed"): 1},
        "child_ends_total": {("function-failed",): 1},
    }


@pytest.mark.slow
def test_a_crash_that_is_tried_again_finishes_nothing(run):
    assert _ends(run("crash")) == {
        "attempts_ended_total": {("crashed",): 1},
        "calculations_finished_total": {},
        "child_ends_total": {("crashed",): 1},
    }


@pytest.mark.slow
def test_a_cancel_and_a_stop_are_told_apart(run, feed):
    def cancel_it(lease, calculation):
        cancel(feed, calculation)
        lease.end_as(End.CANCELLED)

    assert _ends(run("hang", cancel_it)) == {
        "attempts_ended_total": {("cancelled",): 1},
        "calculations_finished_total": {("hang", "heavy", "cancelled"): 1},
        "child_ends_total": {("stopped",): 1},
    }
    stopped = _ends(run("slow", lambda lease, _: lease.end_as(End.STOPPING)))
    assert stopped["attempts_ended_total"] == {("released",): 1}
    assert stopped["calculations_finished_total"] == {}


@pytest.mark.slow
def test_a_result_that_comes_too_late_is_counted_as_refused_and_as_nothing_else(run, feed):
    def lose(_lease, calculation):
        with feed.engine.begin() as connection:
            connection.execute(text("UPDATE calculations SET attempt = attempt + 1"))

    counters = run("whole", lose)
    assert counted(counters, LATE_WRITES_REFUSED) == {("heavy",): 1}
    assert counted(counters, FINISHED) == {}
    assert counted(counters, ATTEMPTS_ENDED) == {}
    assert feed.scalar("SELECT status FROM calculations") == Status.RUNNING
