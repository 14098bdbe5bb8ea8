"""The processes that calculations have started: found, measured, and killed with them (Linux).

A process that has left its group and its session, or whose parent has ended, cannot be reached by a
signal to the group. Therefore both a calculation's child process and its worker are subreapers (see
limits.become_subreaper). While the child lives, it inherits the orphans below it; after that its
worker does. So any child of the worker that the worker has not started, and that has the memory
limit of a calculation, is left over from a calculation that has ended.

Forks of the template process become the worker's children in the same way (inside/template.py),
before the worker knows their ids. They are recognised by a limit that is none, which the template
has: as long as a fork has been requested and not been seen, no process with exactly this limit is
killed.

This reads /proc itself: psutil goes through all processes of the machine to find the children of
one (see docs/decisions.md).
"""

import logging
import os
import re
import resource
import signal
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from workers.sandbox.limits import unused_address_space

logger = logging.getLogger(__name__)

_PROC = Path("/proc")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_PROPORTIONAL_KIB = re.compile(r"^(?:Pss|SwapPss): +(\d+) kB$", re.MULTILINE)

#: How long killed processes may take to end: they free their memory first.
_END_SECONDS = 1.0
_PAUSE_SECONDS = 0.005

#: The children that this process has started and not reaped; all others it has inherited. Global,
#: because the kernel's list of children is the process's, too.
_started: set[int] = set()
_unsettled_forks = 0
_counting = threading.Lock()
_killing = threading.Lock()


def note_started(pid: int) -> None:
    """Note that this process has started a child, and will reap it."""
    _started.add(pid)


def note_reaped(pid: int) -> None:
    """Note that a child has been reaped."""
    _started.discard(pid)


def note_fork_requested() -> None:
    """Spare the new forks of templates, until as many have been settled."""
    global _unsettled_forks
    with _counting:
        _unsettled_forks += 1


def note_fork_settled() -> None:
    """Note that a requested fork has been noted as started, or is not wanted any more."""
    global _unsettled_forks
    with _counting:
        _unsettled_forks -= 1


def kill_orphans() -> None:
    """Kill and reap what calculations that have ended left behind, and its descendants.

    Calculations that run are not affected: their own processes inherit their orphans.
    """
    until = time.monotonic() + _END_SECONDS
    with _killing:  # with one thread alone that reaps, no id can change its owner in between
        while orphans := _orphans():
            for pid in orphans:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            for pid in orphans:
                with suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            if time.monotonic() > until:
                logger.error("Processes left by a calculation do not end: %s", orphans)
                return
            time.sleep(_PAUSE_SECONDS)


def _orphans() -> list[int]:
    # The kernel gives them to the first living thread of a process, which is the main thread.
    inherited = _children(_PROC / "self" / "task" / str(os.getpid()))
    limits = {pid: _address_space(pid) for pid in inherited if pid not in _started}
    # In this order: a fork among the inherited has not been settled, or is among the started.
    spared = unused_address_space() if _unsettled_forks else resource.RLIM_INFINITY
    return [
        pid
        for pid, limit in limits.items()
        if limit not in (resource.RLIM_INFINITY, spared) and pid not in _started
    ]


def _address_space(pid: int) -> int:
    """Return the limit of a process's address space in bytes; RLIM_INFINITY if it has ended."""
    try:
        soft, _ = resource.prlimit(pid, resource.RLIMIT_AS)
    except (ProcessLookupError, PermissionError):  # another user's is no calculation's
        return resource.RLIM_INFINITY
    return soft


def descendants_of(pid: int) -> list[int]:
    """Return the ids of a process's children, their children and so on, as far as they live."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        with suppress(OSError):  # it has just ended
            for thread in (_PROC / str(waiting.pop()) / "task").iterdir():
                children = _children(thread)
                found += children
                waiting += children
    return found


def _children(thread: Path) -> list[int]:
    try:
        return [int(pid) for pid in (thread / "children").read_bytes().split()]
    except OSError:
        return []


def resident_bytes(pid: int) -> int:
    """Return the memory that a process holds, including what it shares; 0 if it is gone."""
    try:
        return int((_PROC / str(pid) / "statm").read_bytes().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


def hold_more_than(limit_bytes: int, pids: Iterable[int]) -> bool:
    """Return whether these processes together hold more memory, counting what they share once."""
    pids = list(pids)
    # The resident sizes are never less than the exact sum, and much quicker to read.
    if sum(map(resident_bytes, pids)) <= limit_bytes:
        return False
    return held_bytes(pids) > limit_bytes


def held_bytes(pids: Iterable[int]) -> int:
    """Return the memory that these processes hold, counting what they share once."""
    return sum(map(_proportional_bytes, pids))


def _proportional_bytes(pid: int) -> int:
    """Return a process's share of the memory that it holds, in RAM and in swap."""
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return 0  # gone, or ending
    return sum(int(kib) for kib in _PROPORTIONAL_KIB.findall(lines)) * 1024
