"""Functions that end their process or others, or leave processes behind."""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator

from reckoner import Progress


def crash(_n: int, _progress: Progress) -> str:
    ctypes.string_at(0)
    return ""


def abort(_n: int, _progress: Progress) -> str:
    os.abort()


def kill_itself(n: int, _progress: Progress) -> str:
    os.kill(os.getpid(), n or signal.SIGKILL)
    time.sleep(3600)
    return ""


def kill_its_worker(_n: int, _progress: Progress) -> str:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(3600)
    return ""


def leave(n: int, _progress: Progress) -> str:
    sys.stderr.write("leaving\n")
    sys.stderr.flush()
    os._exit(n)


def linger(n: int, _progress: Progress) -> str:
    """Leave a thread behind that keeps the process from ending."""
    threading.Thread(target=time.sleep, args=(3600,)).start()
    return "7" * n


def fork(_n: int, _progress: Progress) -> str:
    """Leave children behind that hold every pipe open."""
    for _ in range(3):
        if os.fork() == 0:
            time.sleep(3600)
    os._exit(0)


def fork_and_forget(n: int, _progress: Progress) -> str:
    """Return twice: once in the parent, once in its child."""
    os.fork()
    return "7" * n


def fork_between_pieces(n: int, _progress: Progress) -> Iterator[str]:
    """Fork into a child that yields, too; wait until it has ended, for a second at most."""
    yield "7"
    forgotten = os.fork()
    if forgotten == 0:
        yield "7"
        time.sleep(3600)
    until = time.monotonic() + 1
    while os.waitpid(forgotten, os.WNOHANG) == (0, 0) and time.monotonic() < until:
        time.sleep(0.01)
    yield "7" * (n - 1)


def daemonize(n: int, _progress: Progress) -> str:
    """Leave an orphan in a session of its own behind; write its id to standard error.

    Then end as `n` says: 0 well, 1 by a crash, 2 not at all, 3 by a kill.
    """
    first = os.fork()
    if first == 0:
        os.setsid()
        second = os.fork()
        if second == 0:
            os.execve("/bin/sleep", ["sleep", "3600"], {})  # noqa: S606
        os.write(2, f"{second}\n".encode())
        os._exit(0)
    os.waitpid(first, 0)
    if n == 1:
        ctypes.string_at(0)
    if n == 2:
        time.sleep(3600)
    if n == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return "7" * n


def hog_in_forks(n: int, progress: Progress) -> str:
    """Have six processes that hold n megabytes each."""
    for _ in range(6):
        if os.fork() == 0:
            held = bytearray(os.urandom(2**20)) * n
            time.sleep(3600 + len(held))
    progress(0.25)
    time.sleep(3600)
    return ""


def share_in_forks(n: int, _progress: Progress) -> str:
    """Have six processes that share n megabytes, and never end."""
    held = bytearray(os.urandom(2**20)) * n
    for _ in range(6):
        if os.fork() == 0:
            time.sleep(3600)
    time.sleep(3600)
    return "7" * len(held)


def quick_crash(_n: int, _progress: Progress) -> str:
    """Crash, although the estimate promises a quick calculation."""
    ctypes.string_at(0)
    return ""
