"""Children that wait for their request, and what becomes of them without one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.errors import CalculationAborted
from tests.child_with_test_functions import COMMAND
from tests.eventually import eventually
from tests.unit.workers.test_sandbox import is_running, make_request
from workers.sandbox.process import Sandbox
from workers.sandbox.spares import SpareChildren, start_child


def test_a_child_that_waits_takes_the_next_request_and_no_other():
    children = SpareChildren(COMMAND)
    children.prepare()
    with Sandbox(make_request("whole"), children.take()) as first:
        digits = b"".join(first.pieces(lambda _: None, lambda: None))
    with Sandbox(make_request("whole"), children.take()) as second:
        assert b"".join(second.pieces(lambda _: None, lambda: None)) == digits
    assert first.pid != second.pid
    children.close()


def test_a_child_that_was_killed_while_it_waited_is_replaced():
    children = SpareChildren(COMMAND)
    children.prepare()
    idle = eventually(lambda: children._idle)[0]
    idle.kill()
    os.waitid(os.P_PID, idle.pid, os.WEXITED | os.WNOWAIT)
    with Sandbox(make_request("whole"), children.take()) as child:
        assert b"".join(child.pieces(lambda _: None, lambda: None))
    children.close()


def test_one_that_is_about_to_be_ready_is_not_started_twice():
    children = SpareChildren(COMMAND)
    for _ in range(3):
        children.prepare()
        with Sandbox(make_request("whole"), children.take()) as child:
            assert b"".join(child.pieces(lambda _: None, lambda: None))
    assert not children._idle
    children.close()


def test_no_child_waits_any_more_once_they_are_closed():
    children = SpareChildren(COMMAND)
    children.prepare()
    pid = eventually(lambda: children._idle)[0].pid
    children.close()
    children.prepare()
    assert not Path(f"/proc/{pid}").exists()
    assert not children._idle


def test_a_child_ends_when_its_worker_is_gone_before_it_could_say_so():
    child = start_child(COMMAND)
    assert child.stdin is not None
    child.stdin.close()  # what the kernel does for a worker that was killed
    assert child.wait(10) == 0
    assert child.stdout is not None
    assert child.stderr is not None
    assert child.stdout.read() + child.stderr.read() == b""


def test_a_child_that_has_its_request_ends_when_its_worker_died_before_it_was_ready():
    # Of a function that says nothing: to one that does, its broken pipe tells the same.
    program = (
        "import os\n"
        "from tests.unit.workers.test_sandbox import COMMAND, make_request, start_child\n"
        "child = start_child(COMMAND)\n"
        "child.stdin.write(make_request('quick_hang').encode(os.getpid()))\n"
        "child.stdin.close()\n"
        "print(child.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        pid = int(worker.stdout.readline())
    eventually(lambda: not is_running(pid), within_seconds=10)


def test_a_child_that_cannot_be_started_fails_its_calculation():
    with pytest.raises(CalculationAborted, match="could not be started: No such file"):
        start_child(["/there/is/no/such/program"])
