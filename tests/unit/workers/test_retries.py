"""What becomes of a calculation whose process died, by how its attempts have ended."""

import signal
from uuid import uuid4

import pytest

from shared.errors import CalculationAborted, ProcessDied
from shared.store.rows import Claim
from workers.heavy.retry_policy import failure_to_store, must_run_alone
from workers.sandbox.exit_reasons import CRASHED, KILLED, NOT_STARTED, OUT_OF_MEMORY, explain_exit
from workers.sandbox.out_of_memory import count_oom_kills, read_oom_kills


def outcome(end, earlier=(), max_attempts=3) -> str | None:
    """Return the reason of the failure, None for another attempt."""
    failure = failure_to_store(
        ProcessDied(end, "It died."),
        earlier,
        attempts=len(earlier) + 1,
        max_attempts=max_attempts,
    )
    return None if failure is None else failure.reason


@pytest.mark.parametrize("end", [KILLED, NOT_STARTED])
def test_what_comes_from_outside_costs_one_attempt_of_those_there_are(end):
    assert outcome(end) is None
    assert outcome(end, [end]) is None
    assert outcome(end, [end, "lost"]) == "process-died"


def test_a_crash_is_tried_once_more():
    assert outcome(CRASHED) is None
    assert outcome(CRASHED, [KILLED]) is None
    assert outcome(CRASHED, [CRASHED], max_attempts=9) == "process-died"
    assert outcome(KILLED, [CRASHED], max_attempts=9) is None


def test_a_second_end_for_want_of_memory_is_the_last():
    assert outcome(OUT_OF_MEMORY) is None
    assert outcome(OUT_OF_MEMORY, [KILLED]) is None
    assert outcome(OUT_OF_MEMORY, [OUT_OF_MEMORY], max_attempts=9) == "memory-limit"
    assert outcome(OUT_OF_MEMORY, [OUT_OF_MEMORY, KILLED], max_attempts=9) == "memory-limit"


@pytest.mark.parametrize("end", [KILLED, CRASHED, OUT_OF_MEMORY, NOT_STARTED])
def test_nothing_is_tried_more_often_than_the_settings_say(end):
    assert outcome(end, max_attempts=1) is not None


def test_what_the_function_brings_about_fails_at_once():
    aborted = CalculationAborted("function-failed", "ValueError")
    assert failure_to_store(aborted, [], attempts=1, max_attempts=9) is aborted


def test_only_what_met_the_end_of_memory_in_this_round_is_to_run_alone():
    assert must_run_alone([OUT_OF_MEMORY, KILLED])
    assert not must_run_alone([KILLED, "lost"])


def claim(attempts, *outcomes) -> Claim:
    history = [{"outcome": one} for one in outcomes]
    return Claim(uuid4(), 9, "f", 1, {}, 1.0, None, None, attempts, history)


def test_only_ends_that_count_in_this_round_are_earlier_outcomes():
    assert claim(1, "killed", "urn:reckoner:problem:process-died").earlier_outcomes == []
    assert claim(3, "lost", "crashed", "released", "killed").earlier_outcomes == [
        "crashed",
        "killed",
    ]
    assert claim(9, "lost").earlier_outcomes == ["lost"]  # the history keeps twenty


@pytest.mark.parametrize(
    ("status", "end"),
    [
        (-signal.SIGKILL, KILLED),
        (-signal.SIGTERM, KILLED),
        (-(int(signal.SIGRTMIN) + 3), KILLED),
        (-signal.SIGSEGV, CRASHED),
        (-signal.SIGABRT, CRASHED),
        (-signal.SIGBUS, CRASHED),
        (-signal.SIGFPE, CRASHED),
        (-signal.SIGILL, CRASHED),
    ],
)
def test_a_signal_tells_whether_the_process_was_killed_or_crashed(status, end):
    died = explain_exit(status, "", 1)
    assert isinstance(died, ProcessDied)
    assert died.exit_reason == end


def test_a_kill_is_for_want_of_memory_when_the_kernel_has_counted_one():
    died = explain_exit(-signal.SIGKILL, "", 1, is_out_of_memory=True)
    assert isinstance(died, ProcessDied)
    assert died.exit_reason == OUT_OF_MEMORY
    crashed = explain_exit(-signal.SIGSEGV, "", 1, is_out_of_memory=True)
    assert isinstance(crashed, ProcessDied)
    assert crashed.exit_reason == CRASHED


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("low 0\nhigh 0\nmax 7\noom 2\noom_kill 3\noom_group_kill 1\n", 3),  # memory.events
        ("oom_kill_disable 0\nunder_oom 0\noom_kill 5\n", 5),  # memory.oom_control
        ("nr_free_pages 9\noom_kill 8\n", 8),  # /proc/vmstat
        ("oom_kill_disable 0\nunder_oom 0\n", None),
    ],
)
def test_the_kernels_count_is_read_in_each_of_its_forms(tmp_path, text, count):
    (tmp_path / "counter").write_text(text)
    assert read_oom_kills(tmp_path / "counter") == count
    assert read_oom_kills(tmp_path / "none") is None


def test_the_kernel_of_this_machine_tells_its_count():
    assert count_oom_kills() >= 0
