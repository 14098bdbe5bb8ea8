"""A gateway process that dies while clients submit and wait."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import httpx

from compose.services import process_table
from shared.crash_points import GATEWAY_BEFORE_ANSWER
from tests.faults.bounds import NOTHING
from tests.faults.load import Load, identity_of, quick_ones
from tests.faults.truth import Wanted

_CLIENTS = 16
_EACH = 40


def test_a_killed_gateway_worker_loses_no_calculation_that_it_accepted(stack, trial):
    """Clients submit one by one; those who get no answer try again, and nothing is there twice."""
    trial.fill(quick=1_500)
    filled = len(trial.load.accepted)
    work = [quick_ones(_EACH) for _ in range(_CLIENTS)]
    with ThreadPoolExecutor(_CLIENTS) as clients:
        submitting = [clients.submit(submit_all, trial.load, some) for some in work]
        trial.hit("SIGKILL of a gateway process, 16 clients submitting", at_least_heavy=10)
        victim = next(e.pid for e in process_table.living() if e.parent == gateway(stack))
        os.kill(victim, signal.SIGKILL)
        trial.recovers(
            lambda: gateway_processes(stack) == 2,
            (2.5, "gunicorn starts another, 2.5 s"),
        )
        failures = sum(task.result() for task in submitting)
    assert failures < _CLIENTS * _EACH / 4
    assert len(trial.load.accepted) == filled + _CLIENTS * _EACH
    trial.end()


def test_a_gateway_that_dies_before_its_answer_has_kept_the_calculation(stack, trial):
    stack.supervisor.restart("gateway", crash_point=GATEWAY_BEFORE_ANSWER)
    stack.wait_ready()
    trial.fill()
    trial.hit("a gateway process dies after its commit, before its answer", at_least_heavy=10)
    [wanted] = quick_ones(1)
    while True:  # until it reaches a process that has not died yet
        try:
            answer = trial.load.submit_one(wanted)
        except httpx.TransportError:
            continue
        if answer.status_code == 503:
            break
    identity = identity_of(wanted)
    trial.load.accepted[identity] = wanted
    kept = "SELECT count(*) FROM calculations WHERE id = :id"
    trial.recovers(lambda: stack.scalar(kept, id=identity) == 1, NOTHING)
    stack.supervisor.restart("gateway")
    stack.wait_ready()
    trial.end()


def submit_all(load: Load, work: list[Wanted]) -> int:
    """Submit until all are accepted; return how often there was no good answer."""
    failures = 0
    for wanted in work:
        while True:
            try:
                answer = load.submit_one(wanted)
            except httpx.TransportError:
                failures += 1
                continue
            if answer.status_code in (200, 202):
                break
            assert answer.status_code == 503, answer.text
            failures += 1
    return failures


def gateway(stack) -> int:
    pid: int = stack.program("gateway").pid
    return pid


def gateway_processes(stack) -> int:
    return sum(entry.parent == gateway(stack) for entry in process_table.living())
