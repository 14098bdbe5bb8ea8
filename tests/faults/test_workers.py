"""Workers that die, in the worst moments, and workers that come back from the dead."""

import os
import signal
import time

import pytest

from shared.crash_points import (
    HEAVY_AFTER_CLAIM,
    HEAVY_BEFORE_FINISH,
    QUICK_BEFORE_ACKNOWLEDGE,
    QUICK_BEFORE_COMMIT,
)
from tests.eventually import eventually
from tests.faults.bounds import KILLED_CHILD, LOST_LEASE, TAKEN_LEASE, restart
from tests.faults.load import long_ones
from tests.faults.settings import LEASE_SECONDS, MAX_ATTEMPTS, RESCUE_SECONDS
from tests.faults.truth import Wanted


@pytest.mark.short
def test_a_killed_heavy_worker_costs_its_calculation_one_lease(stack, trial):
    """SIGKILL of a heavy worker, its child at work"""
    running = trial.load.submit(long_ones(2))
    trial.fill()
    victim = trial.claimed_by("heavy-1", among=running)
    children = stack.children("heavy-1")
    trial.hit("SIGKILL of a heavy worker", at_least_quick=1_000, at_least_heavy=10)
    stack.supervisor.kill("heavy-1")
    eventually(lambda: not set(children) & set(stack.strays()), within_seconds=2)
    trial.recovers(lambda: trial.is_back(victim, 1), LOST_LEASE)
    trial.end()


@pytest.mark.parametrize("point", [HEAVY_AFTER_CLAIM, HEAVY_BEFORE_FINISH])
def test_a_heavy_worker_that_dies_at_a_bad_moment_costs_one_lease(stack, trial, point):
    stack.supervisor.restart("heavy-2", crash_point=point)
    stack.supervisor.stop("heavy-1")  # so that the other one takes the first
    stack.wait_ready()
    dying = stack.program("heavy-2")
    pid = dying.pid
    heavies = trial.fill()
    eventually(lambda: dying.pid != pid or not dying.is_running, within_seconds=60)
    trial.hit(f"a heavy worker dies at {point}", at_least_heavy=10)
    stack.supervisor.start("heavy-1")
    orphaned = stack.scalar(
        "SELECT id FROM calculations WHERE status = 'running' AND attempt = 1 "
        "ORDER BY lease_until LIMIT 1"
    )
    assert orphaned in heavies
    trial.recovers(lambda: trial.is_back(orphaned, 1), LOST_LEASE)
    trial.end()


@pytest.mark.parametrize("point", [QUICK_BEFORE_COMMIT, QUICK_BEFORE_ACKNOWLEDGE])
def test_a_quick_worker_that_dies_at_a_bad_moment_writes_nothing_twice(stack, trial, point):
    stack.supervisor.restart("quick", crash_point=point)
    stack.wait_ready()
    dying = stack.program("quick")
    pid = dying.pid
    trial.fill()
    eventually(lambda: dying.pid != pid or not dying.is_running, within_seconds=60)
    trial.hit(f"a quick worker dies at {point}", at_least_quick=1_000, at_least_heavy=5)
    finished = trial.finished_quick()
    trial.recovers(lambda: trial.finished_quick() > finished, restart(stack.start_seconds))
    trial.end()


def test_a_killed_child_costs_its_calculation_one_attempt(stack, trial):
    running = trial.load.submit(long_ones(2))
    trial.fill()
    victim = trial.claimed_by("heavy-1", among=running)
    children = stack.children("heavy-1")
    trial.hit("SIGKILL of a heavy worker's child", at_least_quick=1_000, at_least_heavy=10)
    for child in children:
        os.kill(child, signal.SIGKILL)
    trial.recovers(lambda: trial.is_back(victim, 1), KILLED_CHILD)
    trial.end()
    history = stack.scalar("SELECT history FROM calculations WHERE id = :id", id=victim)
    assert [entry["outcome"] for entry in history] == ["killed", "succeeded"]


#: How long the other calculations took that ended before this one, one after the other: there is
#: not always a second worker.
_BEFORE_IT = """
    SELECT coalesce(sum(extract(epoch FROM other.finished_at - other.started_at)), 0)
    FROM calculations AS other, calculations AS it
    WHERE it.id = :id AND other.lane = 'heavy' AND other.id <> it.id
      AND other.finished_at BETWEEN it.created_at AND it.finished_at"""


def test_a_zombie_knows_that_its_lease_has_ended(stack, trial):
    running = trial.load.submit(long_ones(2, tenths=80))
    trial.fill()
    victim = trial.claimed_by("heavy-1", among=running)
    worker = stack.program("heavy-1")
    former = stack.scalar("SELECT worker_id FROM calculations WHERE id = :id", id=victim)
    trial.hit("SIGSTOP of a heavy worker past its lease, then SIGCONT", at_least_heavy=10)
    worker.send(signal.SIGSTOP)
    trial.recovers(lambda: trial.is_back(victim, 1), LOST_LEASE)
    worker.send(signal.SIGCONT)
    eventually(lambda: trial.is_final(victim), within_seconds=60)
    history = stack.scalar("SELECT history FROM calculations WHERE id = :id", id=victim)
    assert history[0]["outcome"] == "lost"
    assert history[0]["worker"] == str(former)
    assert [entry["outcome"] for entry in history].count("succeeded") == 1
    trial.end()


@pytest.mark.short
def test_a_zombie_that_believes_in_its_lease_cannot_write(stack, trial):
    """Its own clock says that it may write, and PostgreSQL that another one has the calculation."""
    stack.supervisor.restart("heavy-1", lease_seconds=600, heartbeat_seconds=60)
    stack.wait_ready()
    running = trial.load.submit(long_ones(2, tenths=20))
    trial.fill()
    victim = trial.claimed_by("heavy-1", among=running)
    zombie = stack.program("heavy-1")
    former = stack.scalar("SELECT worker_id FROM calculations WHERE id = :id", id=victim)
    zombie.send(signal.SIGSTOP)
    # Its child continues to its end, so that there is a result to write.
    eventually(lambda: not stack.children("heavy-1"), within_seconds=30)
    trial.hit("a heavy worker whose lease is taken away finishes its calculation", at_least_heavy=5)
    stack.execute("UPDATE calculations SET lease_until = now() WHERE id = :id", id=victim)
    trial.recovers(lambda: trial.is_back(victim, 1), TAKEN_LEASE)
    eventually(lambda: trial.attempt(victim) == 2, within_seconds=90, what="the next attempt")
    logged = zombie.log.stat().st_size
    zombie.send(signal.SIGCONT)
    eventually(lambda: b"lost" in zombie.log.read_bytes()[logged:], what="it finds out")
    eventually(lambda: trial.is_final(victim), within_seconds=60)
    history = stack.scalar("SELECT history FROM calculations WHERE id = :id", id=victim)
    assert (history[0]["worker"], history[0]["outcome"]) == (str(former), "lost")
    assert [entry["outcome"] for entry in history].count("succeeded") == 1
    stack.supervisor.restart("heavy-1")
    trial.end()


def test_a_calculation_that_kills_its_workers_fails_with_a_reason(stack, trial):
    """Every worker that runs it dies, as often as it may be tried."""
    trial.fill()
    [victim] = trial.load.submit([Wanted("kill_its_worker", 1, "failed")])
    trial.hit(
        "a calculation that kills every worker that runs it",
        at_least_quick=1_000,
        at_least_heavy=10,
    )
    began = time.monotonic()
    eventually(lambda: trial.is_final(victim), within_seconds=120)
    seconds = time.monotonic() - began
    backoffs = sum(2**attempt for attempt in range(MAX_ATTEMPTS - 1))
    turns = float(stack.scalar(_BEFORE_IT, id=victim))
    trial.measured(
        seconds,
        (
            round(MAX_ATTEMPTS * (LEASE_SECONDS + RESCUE_SECONDS) + backoffs + turns, 1),
            f"max_attempts × (lease + rescue) + backoffs + others whose turn came, {turns:.1f} s",
        ),
    )
    error = stack.scalar("SELECT error FROM calculations WHERE id = :id", id=victim)
    assert error["type"] == "urn:reckoner:problem:worker-lost"
    assert trial.attempt(victim) == MAX_ATTEMPTS
    trial.end()
