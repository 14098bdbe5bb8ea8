"""Functions that misbehave harm their own calculation and nothing else."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from tests.eventually import eventually
from tests.faults.load import quick_ones
from tests.faults.truth import Wanted

# Each with the reason that a client reads, if it fails.
_MISBEHAVING = {
    "fail": "function-failed",
    "hang": "time-limit",
    "hog": "memory-limit",
    "hog_in_gmp": "memory-limit",
    "crash": "process-died",
    "abort": "process-died",
    "kill_itself": "process-died",
    "garbage": "process-died",
    "words": "result-invalid",
    "wrong": "result-wrong",
    "nothing": "result-invalid",
    "fork": "process-died",
    # In the quick lane they take their worker along, some times.
    "quick_crash": "process-died",
    "quick_hang": "time-limit",
}

_TIME_LIMIT_SECONDS = 12.0


def test_functions_that_misbehave(stack, trial):
    """All of them at once, among calculations that must not notice."""
    for name in ("heavy-1", "heavy-2"):
        stack.supervisor.restart(
            name, time_limit_seconds=_TIME_LIMIT_SECONDS, memory_limit_bytes=2**28
        )
    stack.wait_ready()
    trial.fill(quick=1_500)
    bad = trial.load.submit([Wanted(name, 10, "failed") for name in _MISBEHAVING])
    trial.hit("functions raise, hang, eat memory, crash, fork, write garbage", at_least_heavy=20)
    began = began_at(stack)
    trial.load.submit(quick_ones(10))

    def all_final() -> bool:
        still = [name for name, i in zip(_MISBEHAVING, bad, strict=True) if not trial.is_final(i)]
        assert not still, f"not final: {', '.join(still)}"
        return True

    eventually(all_final, within_seconds=120)
    for identity, reason in zip(bad, _MISBEHAVING.values(), strict=True):
        error = stack.scalar("SELECT error FROM calculations WHERE id = :id", id=identity)
        assert error["type"] == f"urn:reckoner:problem:{reason}", (identity, error)
    longest = longest_run(stack, bad)
    assert longest < _TIME_LIMIT_SECONDS + 3.0
    trial.measured(longest, (_TIME_LIMIT_SECONDS, "time_limit"))
    assert began_at(stack) == began, "a worker died of a function"
    trial.end()
    for name in ("heavy-1", "heavy-2"):
        stack.supervisor.restart(name)


@pytest.mark.parametrize("name", ["talk", "fork_and_forget"])
def test_functions_that_are_only_impolite_succeed(stack, trial, name):
    [identity] = trial.load.submit([Wanted(name, 10)])
    trial.fill(quick=1_500)
    trial.hit(
        {"talk": "a function prints", "fork_and_forget": "a function forks, forgets"}[name],
        at_least_quick=1_000,
        at_least_heavy=10,
    )
    eventually(lambda: trial.is_final(identity), within_seconds=60)
    trial.measured(longest_run(stack, [identity]), (5.0, "one run"))
    trial.end()


def longest_run(stack, identities: Sequence[UUID]) -> float:
    """Return the seconds that the longest of these took from its claim to its end."""
    found: float = stack.scalar(
        "SELECT max(extract(epoch FROM finished_at - started_at))::float FROM calculations "
        "WHERE id = ANY (CAST(:ids AS uuid[]))",
        ids=[str(identity) for identity in identities],
    )
    return found


def began_at(stack) -> list[object]:
    """Return when the workers there are were started."""
    rows = stack.rows("SELECT started_at FROM workers WHERE lane = 'heavy' ORDER BY started_at")
    return [row.started_at for row in rows]
