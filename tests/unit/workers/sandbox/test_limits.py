"""What a child process may use: memory, time, priority, and no secret."""

import dataclasses
import os
import re
import sys
import time
from pathlib import Path

import pytest

from shared.errors import CalculationAborted, LeaseLost
from tests.child_with_test_functions import COMMAND
from tests.unit.workers.sandbox.running import (
    Clock,
    failure_of,
    make_request,
    receive_all,
    start,
)
from workers.sandbox.outside.descendants import hold_more_than, resident_bytes
from workers.sandbox.outside.parent import Sandbox
from workers.sandbox.outside.process import FreshChild


@pytest.mark.parametrize("function", ["hog", "hog_in_gmp"])
def test_memory_is_limited(function):
    failure = failure_of(function, memory=128 * 2**20)
    assert failure.reason == "memory-limit"
    assert "134,217,728 bytes" in failure.detail


def test_six_forks_have_no_more_memory_than_one_process():
    failure = failure_of("hog_in_forks", 60, memory=128 * 2**20)
    assert failure.reason == "memory-limit"
    assert "processes together needed more than the 134,217,728 bytes" in failure.detail


def test_memory_that_forks_share_counts_once(monkeypatch):
    checks = 0

    def count_checks(limit_bytes, pids):
        nonlocal checks
        exceeded = hold_more_than(limit_bytes, pids)
        if sum(map(resident_bytes, pids)) > limit_bytes:  # all forks are there
            checks += 1
        return exceeded

    def stop_after_three_checks():
        if checks == 3:
            raise LeaseLost("seen enough")

    monkeypatch.setattr("workers.sandbox.outside.parent.hold_more_than", count_checks)
    with start("share_in_forks", 80, memory=128 * 2**20) as child, pytest.raises(LeaseLost):
        receive_all(child, check_interrupt=stop_after_three_checks)


@pytest.mark.slow
def test_time_is_limited():
    began = time.monotonic()
    failure = failure_of("multiply", seconds=1.0, memory=4 * 2**30)
    assert failure.reason == "time-limit"
    assert "1 seconds" in failure.detail
    assert time.monotonic() - began < 3


def test_time_that_the_reader_takes_does_not_count_as_the_childs(monkeypatch):
    clock = Clock(monkeypatch)
    with start("repeat", 3_000_000, seconds=60.0) as child:
        pieces = child.receive(lambda _: None, lambda: None)
        first = next(pieces)
        clock.ahead_seconds = 1_000.0
        assert len(first) + sum(len(piece) for piece in pieces) == 3_000_000


def test_a_request_that_is_not_read_ends_at_the_time_limit():
    sleeper = FreshChild([sys.executable, "-c", "import time; time.sleep(60)"])
    request = dataclasses.replace(make_request("whole", seconds=0.5), arguments_text="x" * 10**6)
    with Sandbox(request, sleeper) as child, pytest.raises(CalculationAborted, match="longer than"):
        receive_all(child)


def test_no_secret_of_the_service_reaches_the_child(monkeypatch):
    monkeypatch.setenv("RECKONER_DATABASE_PASSWORD", "hunter2")
    with Sandbox(make_request("hang"), FreshChild(COMMAND)) as child:
        pieces = child.receive(lambda _: child.kill(), lambda: None)
        assert b"hunter2" not in Path(f"/proc/{child.pid}/environ").read_bytes()
        with pytest.raises(CalculationAborted):
            list(pieces)


def test_a_child_has_a_low_priority_and_is_the_first_that_the_kernel_kills():
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    with start("hang") as child:

        def inspect(_fraction):
            process = Path(f"/proc/{child.pid}")
            assert os.getpriority(os.PRIO_PROCESS, child.pid) == min(19, nice + 5)
            assert (process / "oom_score_adj").read_text().strip() == "1000"
            assert re.search(r"Max core file size +0 ", (process / "limits").read_text())
            raise LeaseLost("seen")

        with pytest.raises(LeaseLost):
            receive_all(child, on_progress=inspect)
