"""The template process of a heavy worker: `python -m workers.sandbox.template SOCKET`.

It imports every function once, and forks for each calculation. Starting an interpreter and
importing the functions would take longer than many calculations. A fork computes one and ends, as
in child.py. The worker's side is template_process.py.

The process has a single thread and computes nothing itself, so that a fork finds no lock held and
no library in the middle of something. It gets no setting and no connection of the worker's.

A fork must be the worker's child, which kills and reaps it, and lives on when the template ends.
So the template forks twice, and the process in between exits: the kernel makes the worker, which is
a subreaper (limits.py), the parent of its child.
"""

import contextlib
import faulthandler
import gc
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from shared.functions.registry import Registry, load_registry
from workers.sandbox.catalogue import catalogue_of
from workers.sandbox.child import answer, take_over_output
from workers.sandbox.limits import (
    become_subreaper,
    die_with_parent,
    exit_if_orphaned,
    keep_freed_memory,
    lower_priority,
    mark_forks,
)

#: What a fork writes to its standard output first: its process id.
PID = struct.Struct("!q")

#: The ends of the pipes that come with each request for a fork.
_PIPES = 3

#: When importing the functions takes longer, standard error shows where it is.
_SLOW_IMPORT_SECONDS = 30.0

_POLL_SECONDS = 0.000_1


def main(arguments: Sequence[str], registry: Callable[[], Registry] = load_registry) -> int:
    """Serve the worker at the other end of a socket, whose descriptor is the only argument."""
    die_with_parent()
    keep_freed_memory()
    mark_forks()
    worker = socket.socket(fileno=int(arguments[0]))
    worker_pid = os.getppid()
    gc.disable()  # what it frees would leave holes, which the forks would have to copy
    faulthandler.dump_traceback_later(_SLOW_IMPORT_SECONDS)
    functions = registry()
    faulthandler.cancel_dump_traceback_later()
    gc.freeze()
    native = _count_native_threads()
    worker.sendall(catalogue_of(functions, _python_threads(), native).encode())
    while pipes := _receive_request(worker):
        try:
            _fork_child(worker, worker_pid, pipes, functions)
        except OSError as error:  # no process or no memory left; the worker sees the pipes' end
            sys.stderr.write(f"The template process cannot fork: {error.strerror}.\n")
        finally:
            for pipe in pipes:
                os.close(pipe)
    return 0


def _receive_request(worker: socket.socket) -> list[int]:
    """Return the ends of the pipes for a fork; nothing if the worker has ended or stops."""
    with contextlib.suppress(ConnectionError):
        request, pipes, _, _ = socket.recv_fds(worker, 1, _PIPES)
        if request:
            return pipes
    return []


def _fork_child(
    worker: socket.socket, worker_pid: int, pipes: Sequence[int], functions: Registry
) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    between = os.fork()
    if between == 0:
        try:
            between = os.getpid()
            if os.fork() == 0:
                _be_child(worker, between, worker_pid, pipes, functions)
        finally:
            os._exit(0)
    os.waitpid(between, 0)


def _be_child(
    worker: socket.socket,
    between: int,
    worker_pid: int,
    pipes: Sequence[int],
    functions: Registry,
) -> NoReturn:
    """Do in a fork what child.main does in an interpreter of its own, and exit."""
    status = 1
    try:
        worker.close()
        for descriptor, pipe in enumerate(pipes):
            os.dup2(pipe, descriptor)
            os.close(pipe)
        os.setsid()
        while os.getppid() == between:
            time.sleep(_POLL_SECONDS)
        die_with_parent()
        exit_if_orphaned(worker_pid)
        os.write(1, PID.pack(os.getpid()))
        output = take_over_output()
        become_subreaper()
        lower_priority()
        gc.enable()
        _reseed()
        status = answer(functions, output)
    except SystemExit as request:  # a function's own
        status = _status_of(request)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        # Not by leaving the interpreter: that takes as long as a short calculation.
        for file in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                file.flush()
        os._exit(status)


def _status_of(request: SystemExit) -> int:
    """Do what the interpreter would at its end, and return the exit status."""
    if request.code is None or isinstance(request.code, int):
        return request.code or 0
    sys.stderr.write(f"{request.code}\n")
    return 1


def _reseed() -> None:
    """Give this fork random numbers of its own, as `random` does for itself."""
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()


def _python_threads() -> list[str]:
    """Return the threads that packages have started, each with the module that it runs."""
    frames = sys._current_frames()
    return [
        f"{_module_of(frames.get(thread.ident or 0))}: {thread.name}"
        for thread in threading.enumerate()
        if thread is not threading.main_thread()
    ]


def _module_of(frame: FrameType | None) -> str:
    """Return the module in which a thread began, below what `threading` itself does."""
    module = "unknown"
    while frame is not None:
        name = frame.f_globals.get("__name__", module)
        module = module if name == "threading" else name
        frame = frame.f_back
    return module


def _count_native_threads() -> int:
    """Return how many threads there are that Python does not know, and that outlive a fork.

    Libraries that are prepared for forks, such as OpenBLAS, end theirs before one.
    """
    trial = os.fork()
    if trial == 0:
        os._exit(0)
    os.waitpid(trial, 0)
    return sum(1 for _ in Path("/proc/self/task").iterdir()) - threading.active_count()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
