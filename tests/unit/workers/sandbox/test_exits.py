"""How child processes end: by themselves, by a kill from any side, and with their worker."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from shared.errors import CalculationAborted, LeaseLost
from tests.eventually import eventually
from tests.unit.workers.sandbox.running import failure_of, is_running, receive_all, start


@pytest.mark.parametrize(
    ("function", "n", "words"),
    [
        ("kill_itself", 0, "killed from outside (SIGKILL)"),
        ("crash", 0, "SIGSEGV"),
        ("abort", 0, "SIGABRT"),
        ("kill_itself", int(signal.SIGTERM), "SIGTERM"),
        ("kill_itself", int(signal.SIGRTMIN) + 3, "signal"),
        ("leave", 3, "exit status 3"),
        ("leave", 3, "Its last output was: leaving"),
        ("leave", 0, "without a result"),
    ],
)
def test_the_way_a_child_ended_is_named(function, n, words):
    failure = failure_of(function, n)
    assert failure.reason == "process-died"
    assert words in failure.detail


def test_a_child_that_has_sent_everything_is_ended_at_once():
    with start("linger") as child:
        assert receive_all(child) == b"7" * 10
        eventually(lambda: _has_ended(child.pid), what="the end of the process")


def _has_ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def test_a_kill_from_another_thread_ends_a_single_multiplication():
    running = threading.Event()
    with start("multiply", memory=4 * 2**30) as child:

        def kill_once_it_runs():
            running.wait()
            before = psutil.Process(child.pid).cpu_times().user
            eventually(lambda: psutil.Process(child.pid).cpu_times().user > before + 0.1)
            child.kill()

        killer = threading.Thread(target=kill_once_it_runs)
        killer.start()
        began = time.monotonic()
        with pytest.raises(CalculationAborted, match="SIGKILL"):
            receive_all(child, on_progress=lambda _: running.set())
        killer.join()
        assert time.monotonic() - began < 10
        pid = child.pid
    assert not Path(f"/proc/{pid}").exists()
    child.kill()  # the id may be another process's now: nothing happens


def test_the_reader_may_stop_at_any_time():
    def stop():
        raise LeaseLost("gone")

    with start("hang") as child, pytest.raises(LeaseLost):
        receive_all(child, check_interrupt=stop)
    assert not Path(f"/proc/{child.pid}").exists()


def test_a_child_ends_with_its_worker():
    program = f"from {__name__} import *; print_pid_of_a_running_child()"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        pid = int(worker.stdout.readline())
        worker.kill()
    eventually(lambda: not is_running(pid), within_seconds=3)


def print_pid_of_a_running_child() -> None:
    """Do what a worker does, in a process of the test's; the child has set its limits up."""
    child = start("hang")
    receive_all(child, on_progress=lambda _: print(child.pid, flush=True))  # noqa: T201
