"""The child process of a trial, as a heavy worker would have it for the same function.

A worker's children are forks of its template process, which has imported the function before; here
this process has. Functions that cannot bear a fork get an interpreter of their own in both.
"""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from reckoner import Function
from shared.errors import ProcessDied
from shared.functions.registry import Registry
from workers.sandbox.exit_reasons import NOT_STARTED
from workers.sandbox.inside.template import be_child
from workers.sandbox.limits import (
    become_subreaper,
    die_with_parent,
    exit_if_orphaned,
    keep_freed_memory,
)
from workers.sandbox.outside.process import ChildProcess, FreshChild


def start_child(function: Function) -> ChildProcess:
    """Start a child that waits for a request for this function. Raises ProcessDied.

    This process inherits what the calculation leaves behind, as a worker does, and ends it.
    """
    become_subreaper()
    if function.is_fresh:
        module = function.implementation.__module__
        return FreshChild(
            [sys.executable, "-m", "reckoner.testing.fresh_child", module, function.name, *sys.path]
        )
    try:
        return _fork(Registry([function]))
    except OSError as error:
        detail = f"The calculation's process could not be started: {error.strerror}."
        raise ProcessDied(NOT_STARTED, detail) from error


def _fork(functions: Registry) -> ChildProcess:
    stdin, stdout, stderr = os.pipe(), os.pipe(), os.pipe()
    theirs = (stdin[0], stdout[1], stderr[1])
    ours = (stdin[1], stdout[0], stderr[0])
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _be_child(parent, theirs, ours, functions)
    for pipe in theirs:
        os.close(pipe)
    modes = ("wb", "rb", "rb")
    files = [os.fdopen(pipe, mode, 0) for pipe, mode in zip(ours, modes, strict=True)]
    return ChildProcess(pid, files)


def _be_child(
    parent: int, theirs: Sequence[int], ours: Sequence[int], functions: Registry
) -> NoReturn:
    """Become what a fork of a template process is, and compute."""
    try:
        os.setsid()
        die_with_parent()
        exit_if_orphaned(parent)
        for descriptor, pipe in enumerate(theirs):
            os.dup2(pipe, descriptor)
        for pipe in (*theirs, *ours):
            os.close(pipe)
        _use_the_pipes()
        for name in [name for name in os.environ if name.startswith("RECKONER_")]:
            del os.environ[name]
        keep_freed_memory()
        be_child(functions)
    finally:  # only if it has not come so far
        os._exit(1)


def _use_the_pipes() -> None:
    """Have Python's own files be the pipes, also where a test runner has replaced them."""
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - it lasts as long as the process
    sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
