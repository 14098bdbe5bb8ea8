"""Child processes that wait for their request, and how they end without one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.errors import CalculationAborted
from tests.child_with_test_functions import COMMAND
from tests.eventually import eventually
from tests.unit.workers.sandbox.running import is_running, make_request, receive_all
from workers.sandbox.outside.parent import Sandbox
from workers.sandbox.outside.process import FreshChild
from workers.sandbox.outside.spares import SpareChildren


@pytest.fixture
def spares():
    spares = SpareChildren(COMMAND)
    yield spares
    spares.close()


def test_a_child_takes_one_request_and_no_other(spares):
    spares.prepare()
    with Sandbox(make_request("whole"), spares.take()) as first:
        digits = receive_all(first)
    with Sandbox(make_request("whole"), spares.take()) as second:
        assert receive_all(second) == digits
    assert first.pid != second.pid


def test_a_child_that_was_killed_while_it_waited_is_replaced(spares):
    spares.prepare()
    spare = eventually(lambda: spares._spares)[0]
    spare.kill()
    os.waitid(os.P_PID, spare.pid, os.WEXITED | os.WNOWAIT)
    with Sandbox(make_request("whole"), spares.take()) as child:
        assert receive_all(child)


def test_while_one_starts_no_second_one_is_started(spares):
    for _ in range(3):
        spares.prepare()
        with Sandbox(make_request("whole"), spares.take()) as child:
            assert receive_all(child)
    assert not spares._spares


def test_no_child_waits_any_more_once_they_are_closed():
    spares = SpareChildren(COMMAND)
    spares.prepare()
    pid = eventually(lambda: spares._spares)[0].pid
    spares.close()
    spares.prepare()
    assert not Path(f"/proc/{pid}").exists()
    assert not spares._spares


def test_a_child_without_a_request_ends_silently_when_its_worker_is_gone():
    child = FreshChild(COMMAND)
    child.stdin.close()  # what the kernel does for a worker that was killed
    eventually(child.has_ended, within_seconds=10)
    assert child.stdout.read() + child.stderr.read() == b""
    child.close()
    assert child.exit_status == 0


def test_a_child_that_has_its_request_ends_when_its_worker_died_before_it_was_ready():
    # By a function that sends nothing: one that does would end by its broken pipe.
    program = f"from {__name__} import *; send_a_request_and_die()"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        pid = int(worker.stdout.readline())
    eventually(lambda: not is_running(pid), within_seconds=10)


def send_a_request_and_die() -> None:
    child = FreshChild(COMMAND)
    child.stdin.write(make_request("quick_hang").encode())
    child.stdin.close()
    print(child.pid, flush=True)  # noqa: T201
    os.kill(os.getpid(), 9)


def test_a_child_that_cannot_be_started_fails_its_calculation():
    with pytest.raises(CalculationAborted, match="could not be started: No such file"):
        FreshChild(["/there/is/no/such/program"])
