"""What the processes of calculations have started: found, measured, and ended with them (Linux).

A process that leaves its group and its session, or whose parent has ended, belongs to nobody whom a
signal to the group would reach. So the kernel is asked for another order of inheritance. The child
process of a calculation inherits the orphans below it for as long as it lives, and its worker
inherits them then: a child of the worker that it has not started, and that has a calculation's
limits, is what a calculation has left behind that is over.
"""

import logging
import os
import re
import signal
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

logger = logging.getLogger(__name__)

_PROC = Path("/proc")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_UNLIMITED = re.compile(r"^Max address space +unlimited", re.MULTILINE)
_SHARE_KIB = re.compile(r"^(?:Pss|SwapPss): +(\d+) kB$", re.MULTILINE)

#: How long killed processes may take to be gone: they give their memory back.
_ENDING_SECONDS = 1.0
_PAUSE_SECONDS = 0.005

#: Children that this process has started and not yet reaped; what else it has, it has inherited.
#: Of the process and not of an object, as the kernel's list of children is.
_started: set[int] = set()
_ending = threading.Lock()


def note_started(pid: int) -> None:
    """Note a child as one that somebody here will reap."""
    _started.add(pid)


def note_reaped(pid: int) -> None:
    """Note that it is gone."""
    _started.discard(pid)


def end_orphans() -> None:
    """Kill and reap what calculations that are over have left behind, and what that leaves behind.

    Harmless to those that run: what they have started is inherited by their own processes.
    """
    until = time.monotonic() + _ENDING_SECONDS
    with _ending:  # a process that only one reaps keeps its id until then
        while orphans := _orphans():
            for pid in orphans:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            for pid in orphans:
                with suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            if time.monotonic() > until:
                logger.error("processes of a calculation that is over do not end: %s", orphans)
                return
            time.sleep(_PAUSE_SECONDS)


def _orphans() -> list[int]:
    # The kernel gives them to the first thread of a process that is alive: the main one.
    inherited = _children(_PROC / "self" / "task" / str(os.getpid()))
    return [pid for pid in inherited if pid not in _started and _is_limited(pid)]


def _is_limited(pid: int) -> bool:
    """Say whether it has a calculation's limit of memory, which is inherited."""
    try:
        return not _UNLIMITED.search((_PROC / str(pid) / "limits").read_text())
    except OSError:
        return False


def descendants_of(pid: int) -> list[int]:
    """Return the ids of a process's children, and theirs, as far as they live now."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        with suppress(OSError):  # it has ended meanwhile
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
    """Return the memory that a process holds, shared or not; 0 if it is gone."""
    try:
        return int((_PROC / str(pid) / "statm").read_bytes().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


def exceed(pids: Iterable[int], limit_bytes: int) -> bool:
    """Say whether these processes together hold more, what several share counted once."""
    pids = list(pids)
    # Never less than what is exact, and told at once. The other the kernel has to count.
    if sum(map(resident_bytes, pids)) <= limit_bytes:
        return False
    return sum(map(_share_bytes, pids)) > limit_bytes


def _share_bytes(pid: int) -> int:
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return 0  # gone, or ending
    return sum(int(kib) for kib in _SHARE_KIB.findall(lines)) * 1024
