"""A worker and its template: what it takes work for, what is forked, and within which limits."""

import os
import sys

import pytest

from shared.calculation import Lane, Status
from tests.children import children_of
from tests.eventually import eventually
from tests.integration.lanes import WorkerThread
from tests.integration.workers.heavy.steps import make_heavy

pytestmark = pytest.mark.slow

#: Imports the functions once a file exists.
PROGRAM = """
import pathlib, sys, time
from tests.child_with_test_functions import REGISTRY
from workers.sandbox.inside.template import main
def load():
    while not pathlib.Path(sys.argv[1]).exists():
        time.sleep(0.01)
    return REGISTRY
sys.exit(main(sys.argv[2:], load))
"""


def test_a_worker_takes_no_work_before_its_functions_are_imported(feed, settings, tmp_path):
    file = tmp_path / "imported"
    before = set(children_of(os.getpid()))
    calculation = make_heavy("whole")
    feed.submit(calculation)
    command = (sys.executable, "-c", PROGRAM, str(file))
    with WorkerThread(settings, Lane.HEAVY, template_command=command):
        eventually(lambda: set(children_of(os.getpid())) - before, what="the template")
        with pytest.raises(AssertionError):
            feed.wait_for(Status.SUCCEEDED, calculation, seconds=0.7)
        assert feed.status(calculation) is Status.QUEUED
        assert feed.scalar("SELECT count(*) FROM workers") == 0
        file.touch()
        feed.wait_for(Status.SUCCEEDED, calculation)


@pytest.mark.parametrize(
    ("name", "reason", "limit"),
    [
        ("declared_time", "time-limit", "longer than the 0.3 seconds"),
        ("declared_memory", "memory-limit", "more than the 67,108,864 bytes of memory"),
    ],
)
def test_a_function_may_declare_less_than_the_settings_allow(
    feed, heavy_worker, name, reason, limit
):
    calculation = make_heavy(name)
    feed.submit(calculation)
    feed.wait_for(Status.FAILED, calculation)
    error = feed.row(calculation).error
    assert error["type"] == f"urn:reckoner:problem:{reason}"
    assert f"{limit} that its function declares" in error["detail"]


@pytest.mark.parametrize(("name", "is_forked"), [("how_forked", True), ("how_fresh", False)])
def test_a_function_is_forked_unless_it_declares_that_it_cannot_be(
    feed, heavy_worker, name, is_forked
):
    calculation = make_heavy(name)
    feed.submit(calculation)
    feed.wait_for(Status.SUCCEEDED, calculation)
    command = feed.row(calculation).result_value or feed.row(calculation).result_bytes
    command = command if isinstance(command, str) else bytes(command).decode()
    assert ("template" in command.split("\0")) == is_forked
