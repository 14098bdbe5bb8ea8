"""Where a worker takes its children from: forks, or fresh interpreters where a fork cannot be."""

import logging
import os
import signal
import sys
import threading
from contextlib import suppress

import psutil
import pytest

from shared.errors import ProcessDied
from tests.child_with_test_functions import COMMAND, TEMPLATE_COMMAND
from tests.children import children_of
from tests.eventually import eventually
from tests.unit.workers.sandbox.running import is_running, make_request, receive_all
from workers.sandbox.outside.children import Children
from workers.sandbox.outside.parent import Sandbox


@pytest.fixture
def children():
    children = Children(TEMPLATE_COMMAND, COMMAND)
    children.start()
    assert children.wait_until_ready(threading.Event())
    yield children
    children.close()


def is_fork(children: Children, function: str) -> bool:
    """Return whether a function, which gives its command line, runs in a fork of a template."""
    with Sandbox(make_request(function), children.take(function, 1)) as child:
        command = receive_all(child).decode().split("\0")
    return "template" in command or "-c" in command


def test_functions_are_forked_unless_they_declare_that_they_cannot_be(children):
    assert is_fork(children, "how_forked")
    assert not is_fork(children, "how_fresh")
    children.prepare()
    eventually(lambda: children._fresh._spares, what="a fresh interpreter for the next")


def test_what_a_function_declares_is_in_the_catalogue(children):
    assert children.catalogue.find("declared_time", 1).timeout_seconds == 0.3
    assert children.catalogue.find("declared_memory", 1).memory_bytes == 64 * 2**20
    assert children.catalogue.find("whole", 2) is None
    assert "whole/1" in children.offers()


def test_a_fork_that_was_killed_while_it_waited_is_not_given_out(children):
    fork = eventually(lambda: children._forks)[0]
    eventually(lambda: fork._has_answered(0), what="a fork that waits")
    waiting = forks_of(children)
    assert waiting
    for pid in waiting:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: not any(map(is_running, waiting)))
    assert is_fork(children, "how_forked")


def forks_of(children: Children) -> list[int]:
    """Return the ids of all forks that are children of this process."""
    assert children._template is not None
    template = psutil.Process(children._template.pid)
    found = []
    for one in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):  # also of one that has ended and is not reaped
            if one != template and one.cmdline() == template.cmdline():
                found.append(one.pid)
    return found


def test_a_template_that_was_killed_is_replaced_and_nothing_waits_for_it(children, caplog):
    first = children._template.pid
    children._template.kill()
    eventually(lambda: children._template is None)
    assert not is_fork(children, "how_forked")
    eventually(lambda: children._template is not None, within_seconds=30)
    assert children._template.pid != first
    assert is_fork(children, "how_forked")
    assert "has ended (exit status -9). It is replaced." in caplog.text


def test_a_template_that_cannot_start_is_tried_again_until_the_worker_stops(caplog):
    children = Children((sys.executable, "-c", "import sys; sys.exit(3)"), COMMAND)
    children.start()
    with caplog.at_level(logging.ERROR):
        eventually(lambda: caplog.text.count("ended while it imported") > 1)
    stopping = threading.Event()
    stopping.set()
    assert not children.wait_until_ready(stopping)
    assert children.offers() is None
    children.close()
    with pytest.raises(ProcessDied):
        children.take("whole", 1)


def test_closing_leaves_no_process_behind():
    children = Children(TEMPLATE_COMMAND, COMMAND)
    children.start()
    eventually(lambda: children._forks)
    before = children_of(os.getpid())
    assert children._template is not None
    template = children._template.pid
    assert template in before
    children.close()
    assert template not in children_of(os.getpid())
    assert not children._forks


def test_threads_of_packages_are_named_in_the_log(caplog):
    package = "threading.Thread(target=lambda: time.sleep(99), daemon=True, name='pump').start()"
    program = f"""
import sys, threading, time
{package}
from tests.child_with_test_functions import REGISTRY
from workers.sandbox.inside.template import main
sys.exit(main(sys.argv[1:], lambda: REGISTRY))
"""
    children = Children((sys.executable, "-c", program), COMMAND)
    children.start()
    assert children.wait_until_ready(threading.Event())
    children.prepare()
    assert not children._forks
    assert not is_fork(children, "how_forked")
    children.close()
    assert "the modules that they run: __main__: pump." in caplog.text
