"""Calculations of the test functions in real child processes, and what is left of these."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache

import psutil
import pytest

from reckoner.canonical_json import canonical_json
from shared.errors import CalculationAborted
from shared.functions.verification import random_prime
from tests.child_with_test_functions import TEMPLATE_COMMAND
from workers.sandbox.outside.parent import Sandbox
from workers.sandbox.outside.process import ChildProcess
from workers.sandbox.outside.template_process import TemplateProcess
from workers.sandbox.protocol import Request

ENOUGH_BYTES = 512 * 2**20


def make_request(function, n=10, version=1, memory=ENOUGH_BYTES, seconds=60.0) -> Request:
    return Request(
        function=function,
        version=version,
        arguments_text=canonical_json({"n": n}),
        prime=random_prime(),
        memory_limit_bytes=memory,
        time_limit_seconds=seconds,
        max_result_bytes=2**30,
    )


@cache
def template() -> TemplateProcess:
    """Return the one template of this process; it ends with it."""
    started = TemplateProcess(TEMPLATE_COMMAND)
    started.receive_catalogue(within_seconds=30)
    return started


def fork() -> ChildProcess:
    return template().fork()


def start(function, n=10, **limits) -> Sandbox:
    return Sandbox(make_request(function, n, **limits), fork())


def receive_all(
    child: Sandbox,
    on_progress: Callable[[float], None] = lambda _fraction: None,
    check_interrupt: Callable[[], None] = lambda: None,
) -> bytes:
    return b"".join(child.receive(on_progress, check_interrupt))


def compute(function, n=10, **limits) -> bytes:
    with start(function, n, **limits) as child:
        return receive_all(child)


def failure_of(function, n=10, **limits) -> CalculationAborted:
    with pytest.raises(CalculationAborted) as caught:
        compute(function, n, **limits)
    return caught.value


def is_running(pid: int) -> bool:
    """Say whether a process is alive; a zombie that nobody has reaped is not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def running_in_group(group: int) -> list[int]:
    """Return the ids of the processes of a group that are alive."""
    found = []
    for pid in psutil.pids():
        with suppress(ProcessLookupError):
            if os.getpgid(pid) == group and is_running(pid):
                found.append(pid)
    return found


class Clock:
    """Stands in for the module `time` in the parent's code, and can be set ahead."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead_seconds = 0.0
        self.sleep = time.sleep
        monkeypatch.setattr("workers.sandbox.outside.parent.time", self)

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead_seconds
