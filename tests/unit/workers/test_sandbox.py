"""Real child processes, and what becomes of those that misbehave."""

import dataclasses
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from shared.errors import CalculationAborted, LeaseLost
from shared.functions.verification import random_prime
from shared.result import Result
from tests.child_with_test_functions import COMMAND
from tests.eventually import eventually
from workers.sandbox.contract import Request
from workers.sandbox.process import Sandbox
from workers.sandbox.spares import start_child

ENOUGH_BYTES = 512 * 2**20


def make_request(function, n=10, version=1, memory=ENOUGH_BYTES, seconds=60.0) -> Request:
    return Request(
        function=function,
        version=version,
        arguments={"n": n},
        prime=random_prime(),
        memory_limit_bytes=memory,
        time_limit_seconds=seconds,
    )


def compute(function, n=10, *, on_progress=lambda _fraction: None, **limits) -> bytes:
    with Sandbox(make_request(function, n, **limits), start_child(COMMAND)) as child:
        return b"".join(child.pieces(on_progress, lambda: None))


def failure_of(function, n=10, **limits) -> CalculationAborted:
    with pytest.raises(CalculationAborted) as caught:
        compute(function, n, **limits)
    return caught.value


def processes_in_group(group: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.getpgid(int(entry.name)) == group:
                    found.append(int(entry.name))
            except ProcessLookupError:
                pass
    return found


@pytest.mark.parametrize("function", ["repeat", "whole"])
@pytest.mark.parametrize("n", [1, 20, 8_192, 8_193, 3_000_000])
def test_digits_arrive_whole_and_with_their_digest(function, n):
    with Sandbox(make_request(function, n), start_child(COMMAND)) as child:
        digits = b"".join(child.pieces(lambda _: None, lambda: None))
        assert digits == b"7" * n
        assert child.result.compute_seconds >= 0
        whole = Result.of(digits.decode(), child.result.compute_seconds)
        assert child.result == dataclasses.replace(whole, digits=None)


def test_a_process_that_has_said_all_is_ended_at_once():
    with Sandbox(make_request("linger"), start_child(COMMAND)) as child:
        assert list(child.pieces(lambda _: None, lambda: None)) == [b"7" * 10]
        eventually(lambda: _has_ended(child.pid), what="the end of the process")


def _has_ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def test_progress_arrives():
    told: list[float] = []
    compute("repeat", 3_000_000, on_progress=told.append)
    assert told
    assert all(0 <= fraction <= 1 for fraction in told)


def test_nothing_that_a_function_prints_gets_among_its_digits():
    assert compute("talk", 100) == b"7" * 100


def test_a_flood_on_standard_error_does_not_block_the_digits():
    with Sandbox(make_request("talk_much_to_stderr", 3_000), start_child(COMMAND)) as child:
        assert len(b"".join(child.pieces(lambda _: None, lambda: None))) == 3_000
        assert 0 < len(child.stderr) <= 4096


@pytest.mark.parametrize("function", ["wrong", "words", "nothing"])
def test_wrong_digits_are_told_from_right_ones(function):
    assert failure_of(function).reason == "result-wrong"


def test_an_error_of_the_function_names_itself_shortly():
    failure = failure_of("fail")
    assert failure.reason == "function-failed"
    assert failure.detail.startswith("ValueError: no such number")
    assert len(failure.detail) <= 500


@pytest.mark.parametrize(("function", "version"), [("repeat", 2), ("unheard-of", 1)])
def test_a_function_that_is_not_installed_is_gone(function, version):
    assert failure_of(function, version=version).reason == "function-gone"


@pytest.mark.parametrize("function", ["hog", "hog_in_gmp"])
def test_memory_is_limited(function):
    failure = failure_of(function, memory=128 * 2**20)
    assert failure.reason == "memory-limit"
    assert "134,217,728 bytes" in failure.detail


def test_time_is_limited():
    began = time.monotonic()
    failure = failure_of("multiply", seconds=1.0, memory=4 * 2**30)
    assert failure.reason == "time-limit"
    assert "1 seconds" in failure.detail
    assert time.monotonic() - began < 3


def test_time_the_reader_takes_is_not_the_childs():
    with Sandbox(make_request("repeat", 3_000_000, seconds=2.0), start_child(COMMAND)) as child:
        pieces = child.pieces(lambda _: None, lambda: None)
        next(pieces)
        time.sleep(2.5)
        assert 1 + sum(len(piece) for piece in pieces) == 3_000_000


@pytest.mark.parametrize(
    ("function", "n", "words"),
    [
        ("kill_itself", 0, "ended from outside (SIGKILL)"),
        ("crash", 0, "SIGSEGV"),
        ("abort", 0, "SIGABRT"),
        ("kill_itself", int(signal.SIGTERM), "SIGTERM"),
        ("kill_itself", int(signal.SIGRTMIN) + 3, "signal"),
        ("leave", 3, "exit status 3. It last said: so long"),
        ("leave", 0, "without a result"),
    ],
)
def test_a_death_is_named(function, n, words):
    failure = failure_of(function, n)
    assert failure.reason == "process-died"
    assert words in failure.detail


def test_garbage_among_the_frames_ends_it():
    failure = failure_of("garbage", 100)
    assert failure.reason == "process-died"
    assert "no frame" in failure.detail


def test_descendants_cannot_keep_a_dead_child_open():
    with Sandbox(make_request("fork"), start_child(COMMAND)) as child:
        began = time.monotonic()
        with pytest.raises(CalculationAborted, match="without a result"):
            list(child.pieces(lambda _: None, lambda: None))
        assert time.monotonic() - began < 5
        group = child.pid
    eventually(lambda: not processes_in_group(group), within_seconds=2)


@pytest.mark.parametrize("n", [10, 1, 2, 3])
def test_what_left_its_session_and_its_parent_ends_with_its_calculation(n):
    """However that ends: well, by a crash, by its time limit, or killed."""
    # In a process of its own, which inherits orphans as a worker does.
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from shared.errors import CalculationAborted\n"
        "from tests.unit.workers.test_sandbox import *\n"
        "from workers.sandbox.limits import inherit_orphans\n"
        "inherit_orphans()\n"
        "bystander = start_child(COMMAND)\n"
        "try:\n"
        "    with Sandbox(make_request('daemonize', int(sys.argv[1]), seconds=1.0),\n"
        "                 start_child(COMMAND)) as child:\n"
        "        list(child.pieces(lambda _: None, lambda: None))\n"
        "except CalculationAborted:\n"
        "    pass\n"
        "assert bystander.poll() is None\n"
        "print(child.stderr.split()[0])\n"
        "assert not Path('/proc', child.stderr.split()[0]).exists()\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(n)], capture_output=True, text=True)
    try:
        assert ended.returncode == 0, ended.stderr
    finally:
        with suppress(ProcessLookupError):
            os.kill(int(ended.stdout), signal.SIGKILL)


def test_what_a_running_calculation_started_is_not_taken_for_left_behind():
    program = (
        "import threading\n"
        "from tests.unit.workers.test_sandbox import *\n"
        "from workers.sandbox.limits import inherit_orphans\n"
        "inherit_orphans()\n"
        "with Sandbox(make_request('daemonize', 2), start_child(COMMAND)) as child:\n"
        "    told = threading.Event()\n"
        "    def keep_on():\n"
        "        if child.stderr.endswith('\\n'): raise LeaseLost('enough')\n"
        "    try: list(child.pieces(lambda _: None, keep_on))\n"
        "    except LeaseLost: pass\n"
        "    assert compute('whole', 10) == b'7' * 10\n"  # whose end looks for what is left behind
        "    pid = int(child.stderr)\n"
        "    assert is_running(pid)\n"
        "assert not is_running(pid)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def test_six_forks_have_no_more_memory_than_one_process():
    failure = failure_of("hog_in_forks", 60, memory=128 * 2**20)
    assert failure.reason == "memory-limit"
    assert "processes together needed more than the 134,217,728 bytes" in failure.detail


def test_memory_that_forks_share_counts_once():
    assert compute("share_in_forks", 80, memory=128 * 2**20) == b"7" * 80


@pytest.mark.parametrize("function", ["fork_and_forget", "fork_between_pieces"])
def test_a_forgotten_fork_does_not_answer_twice(function):
    assert compute(function, 100) == b"7" * 100


def test_a_kill_from_another_thread_ends_a_single_multiplication():
    running = threading.Event()
    with Sandbox(make_request("multiply", memory=4 * 2**30), start_child(COMMAND)) as child:

        def kill_once_it_runs():
            running.wait()
            time.sleep(0.3)
            child.kill()

        killer = threading.Thread(target=kill_once_it_runs)
        killer.start()
        began = time.monotonic()
        with pytest.raises(CalculationAborted, match="SIGKILL"):
            list(child.pieces(lambda _: running.set(), lambda: None))
        killer.join()
        assert time.monotonic() - began < 10
        pid = child.pid
    assert not Path(f"/proc/{pid}").exists()
    child.kill()  # its id may be another's now: nothing happens


def test_the_reader_may_stop_at_any_time():
    def stop():
        raise LeaseLost("gone")

    with Sandbox(make_request("hang"), start_child(COMMAND)) as child, pytest.raises(LeaseLost):
        list(child.pieces(lambda _: None, stop))
    assert not Path(f"/proc/{child.pid}").exists()


def test_no_secret_of_the_service_reaches_the_child(monkeypatch):
    monkeypatch.setenv("RECKONER_DATABASE_PASSWORD", "hunter2")
    with Sandbox(make_request("hang"), start_child(COMMAND)) as child:
        pieces = child.pieces(lambda _: child.kill(), lambda: None)
        assert b"hunter2" not in Path(f"/proc/{child.pid}/environ").read_bytes()
        with pytest.raises(CalculationAborted):
            list(pieces)


def test_a_child_lets_others_go_first_and_is_the_first_that_the_kernel_kills():
    request = make_request("hang", memory=ENOUGH_BYTES)
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    with Sandbox(request, start_child(COMMAND)) as child:

        def look(_fraction):
            process = Path(f"/proc/{child.pid}")
            assert os.getpriority(os.PRIO_PROCESS, child.pid) == min(19, nice + 5)
            assert (process / "oom_score_adj").read_text().strip() == "1000"
            assert re.search(r"Max core file size +0 ", (process / "limits").read_text())
            raise LeaseLost("seen")

        with pytest.raises(LeaseLost):
            list(child.pieces(look, lambda: None))


def test_a_child_dies_with_its_worker():
    program = (
        "import sys, threading\n"
        "from tests.unit.workers.test_sandbox import COMMAND, Sandbox, make_request, start_child\n"
        "child = Sandbox(make_request('hang'), start_child(COMMAND))\n"
        "def tell(_): print(child.pid, flush=True)\n"
        "list(child.pieces(tell, lambda: None))\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        pid = int(worker.stdout.readline())  # told by its progress, so it has set itself up
        worker.kill()
    eventually(lambda: not is_running(pid), within_seconds=3)


def is_running(pid: int) -> bool:
    """Whether it lives; a zombie that nobody reaps does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_request_longer_than_a_pipe_arrives_whole():
    request = dataclasses.replace(
        make_request("whole"), arguments={"n": 10, "ballast": "x" * 1_000_000}
    )
    with Sandbox(request, start_child(COMMAND)) as child:
        assert b"".join(child.pieces(lambda _: None, lambda: None))


def test_a_request_that_is_not_read_can_be_given_up():
    sleeper = start_child([sys.executable, "-c", "import time; time.sleep(60)"])
    request = dataclasses.replace(make_request("whole", seconds=0.5), arguments={"x": "x" * 10**6})
    with Sandbox(request, sleeper) as child, pytest.raises(CalculationAborted, match="longer than"):
        list(child.pieces(lambda _: None, lambda: None))
