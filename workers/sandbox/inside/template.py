"""The template process of a heavy worker: `python -m workers.sandbox.inside.template SOCKET`.

It imports every function once, and forks for each calculation. Starting an interpreter and
importing the functions would take longer than many calculations. A fork computes one and ends, as
in child.py. The worker's side is outside/template_process.py.

The process has a single thread and computes nothing itself, so that a fork finds no lock held and
no library in the middle of something. It gets no setting and no connection of the worker's.

A fork must be the worker's child, which kills and reaps it, and lives on when the template ends.
So the template forks twice, and the process in between exits: the kernel makes the worker, which is
a subreaper (limits.py), the parent of its children.
"""

import contextlib
import faulthandler
import gc
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from shared.functions.registry import Registry, load_registry
from workers.sandbox.catalogue import catalogue_of
from workers.sandbox.inside.child import Output, answer
from workers.sandbox.inside.standard_files import renew_standard_files
from workers.sandbox.limits import (
    become_subreaper,
    die_with_parent,
    exit_if_orphaned,
    keep_freed_memory,
    lower_priority,
    mark_forks,
)
from workers.sandbox.protocol import PID

#: What comes with each request for a fork: standard input, output and error.
_PIPES = 3
_Pipes = list[int]

#: Requests that are served together, with one process in between.
_AT_ONCE = 16

#: When importing the functions takes longer, standard error shows where it is.
_SLOW_IMPORT_SECONDS = 30.0

_POLL_SECONDS = 0.000_5


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
    _prepare(functions)
    # One package must not harm the functions of all others.
    renew_standard_files()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    faulthandler.cancel_dump_traceback_later()
    lower_priority()  # of the forks, which inherit it
    gc.freeze()
    native = _count_native_threads()
    worker.sendall(catalogue_of(functions, _python_threads(), native).encode())
    while requests := _receive_requests(worker):
        try:
            _fork_children(worker, worker_pid, requests, functions)
        except OSError as error:  # no process or no memory left; the worker sees the pipes' end
            sys.stderr.write(f"The template process cannot fork: {error.strerror}.\n")
        finally:
            _close(requests)
    return 0


def _prepare(functions: Registry) -> None:
    """Build and import once what each fork would for itself."""
    for function in functions:
        with contextlib.suppress(Exception):  # a calculation will say what is wrong
            function.prepare()
            function.bind_text("{}")


def _receive_requests(worker: socket.socket) -> list[_Pipes]:
    """Wait for a request; return the pipes of all that have come. None: the worker has ended."""
    requests: list[_Pipes] = []
    with contextlib.suppress(ConnectionError):
        while not requests or (len(requests) < _AT_ONCE and _is_readable(worker)):
            request, pipes, _, _ = socket.recv_fds(worker, 1, _PIPES)
            if not request:
                break
            requests.append(pipes)
    return requests


def _is_readable(worker: socket.socket) -> bool:
    return bool(select.select([worker], [], [], 0)[0])


def _fork_children(
    worker: socket.socket, worker_pid: int, requests: Sequence[_Pipes], functions: Registry
) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    between = os.fork()
    if between == 0:
        try:
            between = os.getpid()
            for pipes in requests:
                if os.fork() == 0:
                    worker.close()
                    _use(pipes, requests)
                    _become_child_of(worker_pid, between)
                    be_child(functions)
        finally:
            os._exit(0)
    os.waitpid(between, 0)


def _use(pipes: _Pipes, requests: Sequence[_Pipes]) -> None:
    """Make these standard input, output and error, and close all others.

    What else is open belongs to packages that opened it when they were imported.
    """
    for descriptor, pipe in enumerate(pipes):
        os.dup2(pipe, descriptor)
    _close(requests)


def _close(requests: Sequence[_Pipes]) -> None:
    for pipes in requests:
        for pipe in pipes:
            os.close(pipe)


def _become_child_of(worker_pid: int, between: int) -> None:
    """Wait until the worker is this process's parent, tell it, and end with it."""
    os.setsid()
    while os.getppid() == between:
        time.sleep(_POLL_SECONDS)
    die_with_parent()
    exit_if_orphaned(worker_pid)
    os.write(1, PID.pack(os.getpid()))


def be_child(functions: Registry) -> NoReturn:
    """Do in a fork what child.main does in an interpreter of its own, and exit."""
    status = 1
    try:
        output = Output()
        become_subreaper()
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
