"""The template process: its forks are the worker's children, each alone, whatever becomes of it."""

import dataclasses
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from shared.errors import ProcessDied
from tests.child_with_test_functions import TEMPLATE_COMMAND
from tests.children import children_of
from tests.eventually import eventually
from tests.unit.workers.sandbox.running import (
    fork,
    is_running,
    make_request,
    receive_all,
    start,
    template,
)
from workers.sandbox.outside.descendants import kill_orphans
from workers.sandbox.outside.parent import Sandbox
from workers.sandbox.outside.template_process import TemplateProcess

#: Packages that do something when they are imported, and then a template.
PROGRAM = """
import sys, threading, time
from tests.child_with_test_functions import REGISTRY
from workers.sandbox.inside.template import main
def load():
    {package}
    return REGISTRY
sys.exit(main(sys.argv[1:], load))
"""


def template_with(package: str) -> TemplateProcess:
    return TemplateProcess((sys.executable, "-c", PROGRAM.format(package=package)))


@pytest.fixture
def own_template():
    """A template that the test may harm."""
    own = TemplateProcess(TEMPLATE_COMMAND)
    own.receive_catalogue(within_seconds=30)
    yield own
    own.close()


def run_in(own: TemplateProcess, function: str, n: int = 10) -> bytes:
    with Sandbox(make_request(function, n), own.fork()) as child:
        return receive_all(child)


def test_a_fork_is_the_workers_child_in_a_session_of_its_own():
    child = fork()
    try:
        assert psutil.Process(child.pid).ppid() == os.getpid()
        assert os.getsid(child.pid) == os.getpgid(child.pid) == child.pid
        eventually(lambda: not children_of(template().pid), what="the end of what was between")
    finally:
        child.close()
    assert not Path(f"/proc/{child.pid}").exists()


def test_a_fork_has_its_pipes_and_nothing_else_of_the_worker_or_of_other_forks():
    requested = [template().request_fork() for _ in range(3)]
    children = [one.child() for one in requested]
    with Sandbox(make_request("descriptors"), children[2]) as calculation:
        assert json.loads(receive_all(calculation)) == ["pipe"] * 4
    children[0].kill()
    # Its output ends although the other lives.
    eventually(lambda: children[0].stdout.read() == b"")
    assert not children[1].has_ended()
    for child in children[:2]:
        child.close()


def test_each_fork_has_random_numbers_of_its_own():
    own = template_with("import numpy.random")
    own.receive_catalogue(within_seconds=30)
    first, second = [json.loads(run_in(own, "chance")) for _ in range(2)]
    own.close()
    assert len({*first, *second}) == 4


def test_numpy_that_has_multiplied_in_the_template_multiplies_in_its_forks():
    own = template_with("import numpy; numpy.ones((500, 500)) @ numpy.ones((500, 500))")
    catalogue = own.receive_catalogue(within_seconds=30)
    products = [json.loads(run_in(own, "multiply_matrices", n=500)) for _ in range(2)]
    own.close()
    assert products == [500.0, 500.0]
    assert not catalogue.native_threads


def test_forks_run_on_when_their_template_is_killed(own_template):
    with Sandbox(make_request("slow", 5), own_template.fork()) as child:
        killed = False

        def kill_template(_fraction):
            nonlocal killed
            own_template.kill()
            own_template.wait()
            killed = True

        assert receive_all(child, on_progress=kill_template) == b"7" * 5
    assert killed


def test_a_template_that_is_killed_before_it_forks_is_found_out_at_once(own_template):
    os.kill(own_template.pid, signal.SIGSTOP)
    requested = own_template.request_fork()
    own_template.kill()
    with pytest.raises(ProcessDied, match="has ended, or cannot fork"):
        requested.child()
    own_template.wait()
    with pytest.raises(ProcessDied):
        own_template.fork()


def test_a_template_that_hangs_is_killed(own_template, monkeypatch):
    monkeypatch.setattr("workers.sandbox.outside.forks.FORK_SECONDS", 0.1)
    os.kill(own_template.pid, signal.SIGSTOP)
    with pytest.raises(ProcessDied, match=r"has not answered for 0\.1 seconds, and was killed"):
        own_template.fork()
    eventually(own_template.has_ended, within_seconds=5)


def test_a_fork_that_comes_too_late_is_killed_and_reaped(own_template):
    before = set(children_of(os.getpid()))
    os.kill(own_template.pid, signal.SIGSTOP)
    own_template.request_fork().discard()
    os.kill(own_template.pid, signal.SIGCONT)
    late = eventually(lambda: set(children_of(os.getpid())) - before, what="the fork")

    def is_reaped() -> bool:
        kill_orphans()
        return not late & set(children_of(os.getpid()))

    eventually(is_reaped)


def test_a_fork_that_is_not_wanted_is_reaped_although_another_waits(own_template):
    waiting, unwanted = own_template.request_fork(), own_template.request_fork()
    eventually(lambda: unwanted._has_answered(0) and waiting._has_answered(0))
    before = len(children_of(os.getpid()))
    unwanted.discard()
    assert len(children_of(os.getpid())) == before - 1
    with Sandbox(make_request("whole"), waiting.child()) as child:
        assert receive_all(child)


def test_a_fork_under_way_is_not_taken_for_one_that_comes_too_late(own_template):
    before = set(children_of(os.getpid()))
    requested = own_template.request_fork()
    eventually(lambda: set(children_of(os.getpid())) - before, what="the fork")
    kill_orphans()
    child = requested.child()
    assert not child.has_ended()
    child.close()


@pytest.mark.slow
def test_two_hundred_calculations_leave_no_process_and_no_descriptor():
    # In a process that inherits no orphans of other tests.
    program = f"from {__name__} import *; compare_what_calculations_leave()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def compare_what_calculations_leave() -> None:
    own = TemplateProcess(TEMPLATE_COMMAND)
    own.receive_catalogue(within_seconds=30)
    pids = os.getpid(), own.pid

    def left() -> list[object]:
        descriptors = [sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()) for pid in pids]
        return [*descriptors, *map(children_of, pids)]

    run_in(own, "whole")
    eventually(lambda: left()[2:] == [[own.pid], []], what="the end of what was between")
    before = left()
    for _ in range(200):
        run_in(own, "whole")
    eventually(lambda: left() == before, what="the end of all that was started")


def test_a_template_has_no_setting_in_its_environment(monkeypatch):
    monkeypatch.setenv("RECKONER_DATABASE_PASSWORD", "hunter2")
    own = TemplateProcess(TEMPLATE_COMMAND)
    own.receive_catalogue(within_seconds=30)
    assert b"hunter2" not in Path(f"/proc/{own.pid}/environ").read_bytes()
    own.close()


def test_a_template_and_its_waiting_forks_end_with_their_worker():
    program = f"from {__name__} import *; print_pids_and_wait()"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        pids = [int(pid) for pid in worker.stdout.readline().split()]
        worker.kill()
    eventually(lambda: not any(map(is_running, pids)))


def test_waiting_forks_are_nobodys_orphans_under_a_hard_limit_of_the_address_space():
    program = f"from {__name__} import *; limit_and_compute_in_a_fork_that_has_waited()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "7777777777\n"), done.stderr


def limit_and_compute_in_a_fork_that_has_waited() -> None:
    """Do what a worker does that `ulimit -v` limits."""
    resource.setrlimit(resource.RLIMIT_AS, (2**36, 2**36))
    waiting = template().request_fork()
    eventually(lambda: waiting._has_answered(0))
    kill_orphans()
    with Sandbox(make_request("whole"), waiting.child()) as child:
        print(receive_all(child).decode())  # noqa: T201


def print_pids_and_wait() -> None:
    """Do what a worker does, in a process of the test's."""
    forks = [fork(), fork()]
    print(template().pid, *(one.pid for one in forks), flush=True)  # noqa: T201
    signal.pause()


def test_packages_that_start_threads_are_run_in_interpreters_of_their_own():
    own = template_with("threading.Thread(target=lambda: time.sleep(99), daemon=True).start()")
    catalogue = own.receive_catalogue(within_seconds=30)
    own.close()
    assert [thread.partition(":")[0] for thread in catalogue.threads] == ["__main__"]
    assert "whole/1" in catalogue.offers
    assert all(offer.is_fresh for offer in catalogue.functions.values())


def test_a_template_that_ends_or_takes_too_long_before_it_is_ready_is_told():
    ended = template_with("sys.exit(1)")
    with pytest.raises(ProcessDied, match="ended while it imported"):
        ended.receive_catalogue(within_seconds=30)
    ended.close()
    slow = template_with("time.sleep(99)")
    with pytest.raises(ProcessDied, match=r"has not imported the functions within 0\.1 seconds"):
        slow.receive_catalogue(within_seconds=0.1)
    slow.close()


def test_what_a_package_prints_when_it_is_imported_gets_into_no_catalogue():
    own = template_with("print('noise', flush=True)")
    assert own.receive_catalogue(within_seconds=30).offers
    own.close()


@pytest.mark.parametrize(
    "package",
    [
        "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)",
        "import os; os.close(0); os.close(1)",
        "sys.stdin.close(); sys.stdout = None",
    ],
)
def test_what_a_package_does_to_the_process_harms_no_other_function(package):
    own = template_with(package)
    own.receive_catalogue(within_seconds=30)
    results = [run_in(own, "whole") for _ in range(2)]
    own.close()
    assert results == [b"7" * 10] * 2


def test_a_limit_is_said_to_be_the_functions_own_if_it_is():
    request = dataclasses.replace(make_request("hog", memory=128 * 2**20), is_memory_declared=True)
    with Sandbox(request, fork()) as child, pytest.raises(Exception, match="its function declares"):
        receive_all(child)


def test_a_function_that_ends_its_process_is_told_with_its_exit_status():
    with start("leave", 3) as child, pytest.raises(Exception, match="exit status 3"):
        receive_all(child)
