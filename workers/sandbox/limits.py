"""What a child process may use, and when the kernel ends it (Linux). The child calls this itself.

The template process calls some of it on behalf of its forks. `become_subreaper` is for both sides.
"""

import ctypes
import os
import resource
import signal
from contextlib import suppress
from functools import cache
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
_M_TRIM, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h
_NICENESS = 5

_UNUSED_ADDRESS_SPACE = 2**62


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends, however it ends.

    This does nothing if that thread has ended already: see `exit_if_orphaned`.
    """
    libc = _libc()
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def become_subreaper() -> None:
    """Have the kernel make this process the parent of all descendants whose parent has ended."""
    libc = _libc()
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def exit_if_orphaned(parent_pid: int) -> None:
    """Exit this process if its parent has ended, and another process has inherited it."""
    if os.getppid() != parent_pid:
        os._exit(1)


def limit_memory(memory_bytes: int) -> None:
    """Limit the address space to this much beyond what is mapped already; write no core files."""
    pages = int(read_own("statm").split()[0])
    ceiling = pages * resource.getpagesize() + memory_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        ceiling = min(ceiling, hard)
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def read_own(name: str) -> bytes:
    """Return a short file of the kernel's on this process.

    Not through a Path, whose layers cost a fork much of what it takes to run a short calculation.
    """
    file = os.open(f"/proc/self/{name}", os.O_RDONLY)
    try:
        return os.read(file, 4096)
    finally:
        os.close(file)


def unused_address_space() -> int:
    """Return the limit that is none: by it a worker recognises forks that have no other yet.

    Under a hard limit, such as that of `ulimit -v`, it is a byte less, which is no calculation's.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    return _UNUSED_ADDRESS_SPACE if hard == resource.RLIM_INFINITY else hard - 1


def mark_forks() -> None:
    """Give this process and its forks the limit that is none: see descendants.py."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (unused_address_space(), hard))


def keep_freed_memory() -> None:
    """Have the allocator keep the memory that large numbers free, for the next ones (mallopt(3)).

    By default it returns each large block to the kernel, and pages are mapped and cleared anew.
    """
    libc = _libc()
    if hasattr(libc, "mallopt"):  # of the GNU C library only
        for parameter, value in ((_M_ARENA_MAX, 1), (_M_MMAP_THRESHOLD, 2**25), (_M_TRIM, 2**29)):
            libc.mallopt(parameter, value)


def lower_priority() -> None:
    """Let services that a client waits for run first, and be the first process that is killed.

    When memory runs out, the kernel should kill a calculation, which then fails with a reason, and
    neither a worker nor PostgreSQL.
    """
    os.nice(_NICENESS)
    with suppress(OSError):  # some sandboxes mount /proc read-only
        Path("/proc/self/oom_score_adj").write_text("1000")
