"""Workers by the dramatiq command, two processes each: what dies, and what is told to reload."""

import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.faults.bounds import LOST_LEASE, Bound, restart, together
from tests.faults.load import long_ones
from tests.faults.programs import Program
from tests.faults.settings import POLL_SECONDS
from tests.faults.stack import PROGRAMS, WORKERS

HEAVY, QUICK = "dramatiq-heavy", "dramatiq-quick"
_PROCESSES = 2

#: Its process polls for its parent, Dramatiq's loop for a signal, and the relay for the outbox.
_HANDED_BACK: Bound = (
    0.5 + 1.0 + 1.0 + POLL_SECONDS,
    "parent poll 0.5 s + Dramatiq's loop 1 s + handing back 1 s + relay_poll",
)


@pytest.fixture(autouse=True)
def commands(stack) -> Iterator[None]:
    """Have the workers run by the dramatiq command."""
    for name in WORKERS:
        stack.supervisor.remove(name)
    for name, lane in ((HEAVY, "heavy"), (QUICK, "quick")):
        stack.add(name, f"dramatiq workers.app:{lane} --processes {_PROCESSES} --threads 8")
    wait_ready(stack)
    yield
    for name in (HEAVY, QUICK):
        stack.supervisor.remove(name)
    for name in WORKERS:
        stack.add(name, PROGRAMS[name])
    stack.wait_ready()


def wait_ready(stack) -> None:
    """Return once each command has all its workers, and they are registered."""
    for name in (HEAVY, QUICK):
        eventually(partial(has_all_workers, stack.program(name)), within_seconds=30)
    stack.wait_ready()


def has_all_workers(command: Program) -> bool:
    return len(command.worker_pids) == _PROCESSES


def worker_of(stack, calculation) -> int:
    """Return the process id of the worker that holds a calculation."""
    found: int = stack.scalar(
        "SELECT pid FROM workers JOIN calculations ON worker_id = workers.id "
        "WHERE calculations.id = :id",
        id=calculation,
    )
    return found


def processes_of(stack) -> set[int]:
    """Return the ids of all processes of both commands, and of their calculations."""
    commands = [stack.program(name) for name in (HEAVY, QUICK)]
    workers = [pid for command in commands for pid in command.worker_pids]
    return {*(command.pid for command in commands), *workers, *stack.children(HEAVY)}


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def test_one_of_its_processes_is_killed(stack, trial):
    """SIGKILL of one process of the dramatiq command: the others hand back, and all start anew"""
    running = trial.load.submit(long_ones(2))
    trial.fill()
    victim = trial.claimed_by(HEAVY, among=running)
    former = processes_of(stack)
    trial.hit(
        "SIGKILL of one of dramatiq's processes in each lane",
        at_least_quick=1_000,
        at_least_heavy=10,
    )
    os.kill(worker_of(stack, victim), signal.SIGKILL)
    os.kill(stack.program(QUICK).worker_pids[0], signal.SIGKILL)
    eventually(lambda: all(map(is_gone, former)), within_seconds=30, what="all of them ended")
    trial.recovers(partial(trial.is_back, victim, 1), LOST_LEASE)
    wait_ready(stack)
    trial.end()


def test_its_main_process_is_killed(stack, trial):
    """SIGKILL of the dramatiq command's main process: its workers hand back and end"""
    running = trial.load.submit(long_ones(2))
    trial.fill()
    victim = trial.claimed_by(HEAVY, among=running)
    former = processes_of(stack)
    trial.hit(
        "SIGKILL of dramatiq's main process in each lane", at_least_quick=1_000, at_least_heavy=10
    )
    for name in (HEAVY, QUICK):
        os.kill(stack.program(name).pid, signal.SIGKILL)
    trial.recovers(partial(trial.is_back, victim, 1), _HANDED_BACK)
    eventually(lambda: all(map(is_gone, former)), within_seconds=30, what="all of them ended")
    wait_ready(stack)
    history = stack.scalar("SELECT history FROM calculations WHERE id = :id", id=victim)
    assert history[0]["outcome"] == "released"
    trial.end()


def test_it_reloads_under_load(stack, trial):
    """SIGHUP to the dramatiq command: new workers under the same main process"""
    running = trial.load.submit(long_ones(2))
    trial.fill()
    victim = trial.claimed_by(HEAVY, among=running)
    commands = {name: stack.program(name).pid for name in (HEAVY, QUICK)}
    former = processes_of(stack) - set(commands.values())
    trial.hit(
        "SIGHUP to dramatiq in each lane, its reload", at_least_quick=1_000, at_least_heavy=10
    )
    for name in commands:
        stack.program(name).send(signal.SIGHUP)
    trial.recovers(
        partial(trial.is_back, victim, 1), together(_HANDED_BACK, restart(stack.start_seconds))
    )
    eventually(lambda: all(map(is_gone, former)), within_seconds=30, what="all of them ended")
    wait_ready(stack)
    assert {name: stack.program(name).pid for name in commands} == commands
    outcomes = {entry["outcome"] for row in histories(stack, running) for entry in row}
    assert "lost" not in outcomes
    trial.end()


def histories(stack, calculations):
    rows = stack.rows(
        "SELECT history FROM calculations WHERE id = ANY (CAST(:ids AS uuid[]))",
        ids=[str(one) for one in calculations],
    )
    return [row.history for row in rows]
