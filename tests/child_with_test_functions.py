"""A child process like the real one, with functions that misbehave.

Run as a module, with the arguments `{"n": …}` like every function here.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import gmpy2

from shared.functions.registry import Digits, Estimate, Function, Progress, Registry
from workers.sandbox.child import main

COMMAND = (sys.executable, "-m", "tests.child_with_test_functions")

SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 0}},
    "required": ["n"],
    "additionalProperties": False,
}


def repeat(n: int, progress: Progress) -> Iterator[str]:
    """The digit 7, n times, in uneven pieces."""
    size = 1
    sent = 0
    while sent < n:
        piece = "7" * min(size, n - sent)
        yield piece
        sent += len(piece)
        progress(sent / n)
        size = size * 3 % 1_000_003


def sevens_modulo(n: int, prime: int) -> int:
    return 7 * (pow(10, n, 9 * prime) - 1) // 9 % prime


def whole(n: int, _progress: Progress) -> str:
    return "7" * n


def wrong(n: int, _progress: Progress) -> str:
    return "7" * (n - 1) + "8"


def words(_n: int, _progress: Progress) -> str:
    return "seven"


def nothing(_n: int, _progress: Progress) -> str:
    return ""


def hang(_n: int, progress: Progress) -> str:
    progress(0.25)
    time.sleep(3600)
    return ""


def begin(n: int, _progress: Progress) -> Iterator[str]:
    """Yield n digits and never the last."""
    yield "7" * n
    time.sleep(3600)


def slow(n: int, progress: Progress) -> Iterator[str]:
    """Take n tenths of a second."""
    for digit in range(n):
        time.sleep(0.1)
        progress(digit / n)
        yield "7"


def multiply(_n: int, progress: Progress) -> str:
    """Stay inside one C call that holds the interpreter lock."""
    progress(0.25)
    return str(gmpy2.mpz(3) ** 1_000_000_000)


def hog(_n: int, _progress: Progress) -> str:
    held = []
    while True:
        held.append(bytearray(2**20))


def hog_in_gmp(_n: int, _progress: Progress) -> str:
    return str(gmpy2.mpz(1) << 2**36)


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


def talk(n: int, _progress: Progress) -> str:
    """Print on every way to standard output."""
    print("DDDD garbage " * 1000)  # noqa: T201
    os.write(1, b"D\x00\x00\x00\x04oops")
    subprocess.run(["echo", "noise"], check=True)
    return "7" * n


def talk_much_to_stderr(n: int, _progress: Progress) -> str:
    for _ in range(n):
        sys.stderr.write("x" * 1023 + "\n")
    return "7" * n


def fail(_n: int, _progress: Progress) -> str:
    raise ValueError("no such number: \0 \ud800 " + "x" * 5000)


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
    """Forget a fork that goes on yielding, while the parent waits for its end, a second at most."""
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
    """Leave a process behind in a session of its own, whose parent has ended; tell its id.

    Then end as `n` says: 0 well, 1 by a crash, 2 not at all, 3 by a kill.
    """
    first = os.fork()
    if first == 0:
        os.setsid()
        second = os.fork()
        if second == 0:
            os.execve("/bin/sleep", ["sleep", "3600"], {})  # noqa: S606 - a command line is its end
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


def garbage(n: int, _progress: Progress) -> str:
    """Write to every file that is open, the frames' among them."""
    for descriptor in range(3, 20):
        with suppress(OSError):
            os.write(descriptor, b"\xff" * n)
    time.sleep(3600)
    return ""


def quick_crash(_n: int, _progress: Progress) -> str:
    """Crash, although the estimate promises a quick calculation."""
    ctypes.string_at(0)
    return ""


def quick_hang(_n: int, _progress: Progress) -> str:
    """Never end, although the estimate promises a quick calculation."""
    time.sleep(3600)
    return ""


def _function(body: Callable[[int, Progress], Digits]) -> Function:
    seconds = 0.05 if body.__name__.startswith("quick_") else 1.0

    def compute(arguments: Any, progress: Progress) -> Digits:
        return body(arguments["n"], progress)

    def residue(arguments: Any, prime: int) -> int:
        return sevens_modulo(arguments["n"], prime)

    return Function(
        name=body.__name__,
        version=1,
        summary=body.__doc__ or body.__name__,
        arguments_schema=SCHEMA,
        estimate=lambda arguments: Estimate(seconds, max(1, arguments["n"]), 2**26),
        compute=compute,
        residue=residue,
    )


REGISTRY = Registry(
    map(
        _function,
        (
            repeat,
            whole,
            wrong,
            words,
            nothing,
            hang,
            begin,
            slow,
            multiply,
            hog,
            hog_in_gmp,
            crash,
            abort,
            kill_itself,
            kill_its_worker,
            leave,
            linger,
            talk,
            talk_much_to_stderr,
            fail,
            fork,
            fork_and_forget,
            fork_between_pieces,
            garbage,
            daemonize,
            hog_in_forks,
            share_in_forks,
            quick_crash,
            quick_hang,
        ),
    )
)


if __name__ == "__main__":
    sys.exit(main(lambda: REGISTRY))
