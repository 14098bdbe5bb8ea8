"""What a child process may use, and whom it dies with (Linux)."""

import ctypes
import os
import resource
import signal
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
_M_TRIM, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h
_NICENESS = 5


def die_with_parent(signal_number: int = signal.SIGKILL) -> None:
    """Have the kernel signal this process when the thread that started it ends, however it ends.

    If that has happened already, nothing happens: see `end_if_orphaned`.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def inherit_orphans() -> None:
    """Have the kernel make this process the parent of any below it whose own parent has ended."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def end_if_orphaned(parent_pid: int) -> None:
    """End this process if its parent is not this one any more."""
    if os.getppid() != parent_pid:
        os._exit(1)


def limit_memory(memory_bytes: int) -> None:
    """Allow so many bytes of addresses beyond what is mapped already, and no core files."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    ceiling = pages * resource.getpagesize() + memory_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        ceiling = min(ceiling, hard)
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def keep_freed_memory() -> None:
    """Have the allocator keep what large numbers free, for the next of them (mallopt(3)).

    Otherwise each of many megabytes comes from the kernel and goes back there: pages are mapped
    and cleared over and over, which was a fifth of the time of a hundred million digits.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # glibc's; other C libraries have other ways
        for parameter, value in ((_M_ARENA_MAX, 1), (_M_MMAP_THRESHOLD, 2**25), (_M_TRIM, 2**29)):
            libc.mallopt(parameter, value)


def yield_to_others() -> None:
    """Let services that someone waits for go first, and be the first that the kernel kills.

    When memory runs out it must take a calculation, which then fails with a reason, and neither
    a worker nor PostgreSQL beside it.
    """
    os.nice(_NICENESS)
    with suppress(OSError):  # some sandboxes mount /proc read-only
        Path("/proc/self/oom_score_adj").write_text("1000")
