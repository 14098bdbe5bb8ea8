"""The error that a calculation ends with, by the exit status of its process."""

import json
import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ProcessDied
from workers.sandbox.exit_reasons import CRASHED, KILLED, OUT_OF_MEMORY, explain_exit


@pytest.mark.parametrize(
    ("status", "exit_reason"),
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
def test_the_signal_shows_whether_the_process_was_killed_or_crashed(status, exit_reason):
    died = explain_exit(status, "", 1)
    assert isinstance(died, ProcessDied)
    assert died.exit_reason == exit_reason


def test_a_kill_is_for_lack_of_memory_if_the_kernel_has_counted_one():
    died = explain_exit(-signal.SIGKILL, "", 1, is_out_of_memory=True)
    assert isinstance(died, ProcessDied)
    assert died.exit_reason == OUT_OF_MEMORY
    crashed = explain_exit(-signal.SIGSEGV, "", 1, is_out_of_memory=True)
    assert isinstance(crashed, ProcessDied)
    assert crashed.exit_reason == CRASHED


@given(st.integers(-200, 255), st.text(max_size=2_000))
def test_every_exit_has_a_reason_that_fits_into_a_document(status, stderr):
    aborted = explain_exit(status, stderr, 2**30)
    assert aborted.reason in ("process-died", "memory-limit")
    assert 0 < len(aborted.detail) < 1_000
    json.dumps(aborted.detail)


def test_an_abort_by_gmp_is_for_lack_of_memory():
    message = "GNU MP: Cannot allocate memory (size=8929296)\n"
    assert explain_exit(-signal.SIGABRT, message, 2**30).reason == "memory-limit"
    assert explain_exit(-signal.SIGABRT, "", 2**30).reason == "process-died"
