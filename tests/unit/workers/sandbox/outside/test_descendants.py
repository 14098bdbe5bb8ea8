"""What a calculation has started ends with it, wherever it hides, and nothing else does."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from shared.errors import CalculationAborted, LeaseLost
from tests.child_with_test_functions import COMMAND
from tests.eventually import eventually
from tests.unit.workers.sandbox.running import (
    Clock,
    compute,
    is_running,
    receive_all,
    running_in_group,
    start,
)
from workers.sandbox.limits import become_subreaper
from workers.sandbox.outside.process import FreshChild


def test_descendants_cannot_keep_a_dead_child_open():
    with start("fork") as child:
        began = time.monotonic()
        with pytest.raises(CalculationAborted, match="without a result"):
            receive_all(child)
        assert time.monotonic() - began < 5
        group = child.pid
    eventually(lambda: not running_in_group(group), within_seconds=2)


def test_a_kill_reaches_all_of_the_childs_group_at_once():
    def stop_once_all_are_there():
        if len(running_in_group(child.pid)) == 7:
            raise LeaseLost("seen")

    with start("share_in_forks", 1) as child:
        with pytest.raises(LeaseLost):
            receive_all(child, check_interrupt=stop_once_all_are_there)
        child.kill()
        eventually(lambda: not running_in_group(child.pid), within_seconds=2)


def run_as_worker(call: str) -> subprocess.CompletedProcess[str]:
    """Call a function of this module in a process of its own, which inherits orphans."""
    program = f"from {__name__} import *; {call}"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)


@pytest.mark.parametrize("n", [10, 1, 2, 3])
def test_what_left_its_session_and_its_parent_ends_with_its_calculation(n):
    """However the calculation ends: well, by a crash, by its time limit, or killed."""
    ended = run_as_worker(f"end_a_calculation_that_hides_a_process({n})")
    try:
        assert ended.returncode == 0, ended.stderr
    finally:
        with suppress(ProcessLookupError):
            os.kill(int(ended.stdout), signal.SIGKILL)


def end_a_calculation_that_hides_a_process(n: int) -> None:
    become_subreaper()
    bystander = FreshChild(COMMAND)
    clock = Clock(pytest.MonkeyPatch())

    def pass_the_time_limit_once_it_has_hidden_one():
        if n == 2 and child.stderr.endswith("\n"):
            clock.ahead_seconds = 1_000.0

    with start("daemonize", n) as child, suppress(CalculationAborted):
        receive_all(child, check_interrupt=pass_the_time_limit_once_it_has_hidden_one)
    hidden = int(child.stderr.split()[0])
    print(hidden)  # noqa: T201
    assert not bystander.has_ended()
    assert not is_running(hidden)


def test_what_a_running_calculation_has_started_is_not_killed_by_the_end_of_another():
    ended = run_as_worker("end_a_calculation_beside_one_that_hides_a_process()")
    assert ended.returncode == 0, ended.stderr


def end_a_calculation_beside_one_that_hides_a_process() -> None:
    become_subreaper()

    def stop_once_it_has_hidden_one():
        if child.stderr.endswith("\n"):
            raise LeaseLost("seen")

    with start("daemonize", 2) as child:
        with suppress(LeaseLost):
            receive_all(child, check_interrupt=stop_once_it_has_hidden_one)
        hidden = int(child.stderr)
        assert compute("whole", 10) == b"7" * 10  # whose end kills what is left behind
        assert is_running(hidden)
    assert not is_running(hidden)
