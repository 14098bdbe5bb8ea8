"""Whether a calculation whose process died is tried again, by how its attempts have ended."""

from uuid import uuid4

import pytest

from shared.errors import CalculationAborted, ProcessDied
from shared.store.leases import Claim
from workers.heavy.retry_policy import failure_to_store, must_run_alone
from workers.sandbox.exit_reasons import CRASHED, KILLED, NOT_STARTED, OUT_OF_MEMORY


def failure_reason(exit_reason, earlier=(), max_attempts=3) -> str | None:
    """Return the reason to store; None if there is to be another attempt."""
    failure = failure_to_store(
        ProcessDied(exit_reason, "It died."),
        earlier,
        attempts=len(earlier) + 1,
        max_attempts=max_attempts,
    )
    return None if failure is None else failure.reason


@pytest.mark.parametrize("exit_reason", [KILLED, NOT_STARTED])
def test_a_kill_from_outside_costs_one_attempt(exit_reason):
    assert failure_reason(exit_reason) is None
    assert failure_reason(exit_reason, [exit_reason]) is None
    assert failure_reason(exit_reason, [exit_reason, "lost"]) == "process-died"


def test_a_crash_is_tried_once_more():
    assert failure_reason(CRASHED) is None
    assert failure_reason(CRASHED, [KILLED]) is None
    assert failure_reason(CRASHED, [CRASHED], max_attempts=9) == "process-died"
    assert failure_reason(KILLED, [CRASHED], max_attempts=9) is None


def test_a_second_lack_of_memory_is_a_failure():
    assert failure_reason(OUT_OF_MEMORY) is None
    assert failure_reason(OUT_OF_MEMORY, [KILLED]) is None
    assert failure_reason(OUT_OF_MEMORY, [OUT_OF_MEMORY], max_attempts=9) == "memory-limit"
    assert failure_reason(OUT_OF_MEMORY, [OUT_OF_MEMORY, KILLED], max_attempts=9) == "memory-limit"


@pytest.mark.parametrize("exit_reason", [KILLED, CRASHED, OUT_OF_MEMORY, NOT_STARTED])
def test_nothing_is_tried_more_often_than_max_attempts(exit_reason):
    assert failure_reason(exit_reason, max_attempts=1) is not None


def test_a_failure_of_the_function_is_not_tried_again():
    aborted = CalculationAborted("function-failed", "ValueError")
    assert failure_to_store(aborted, [], attempts=1, max_attempts=9) is aborted


def test_only_a_lack_of_memory_makes_the_next_attempt_run_alone():
    assert must_run_alone([OUT_OF_MEMORY, KILLED])
    assert not must_run_alone([KILLED, "lost"])


def claim(attempts, *outcomes) -> Claim:
    history = [{"outcome": one} for one in outcomes]
    return Claim(uuid4(), 9, "f", 1, "{}", 1.0, None, None, attempts, history)


def test_only_counted_attempts_of_this_round_are_earlier_outcomes():
    assert claim(1, "killed", "urn:reckoner:problem:process-died").earlier_outcomes == []
    assert claim(3, "lost", "crashed", "released", "killed").earlier_outcomes == [
        "crashed",
        "killed",
    ]
    assert claim(9, "lost").earlier_outcomes == ["lost"]  # the history keeps twenty
