"""Functions that give digits: right, wrong, slowly, never, or among other output."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import gmpy2

from reckoner import Progress

#: The environment variable that names the file of `wait_for_release`.
HOLDING_FILE = "HOLDING_FILE_OF_A_TEST"


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


def whole(n: int, _progress: Progress) -> str:
    return "7" * n


def wrong(n: int, _progress: Progress) -> str:
    return "7" * (n - 1) + "8"


def words(_n: int, _progress: Progress) -> str:
    return "seven"


def nothing(_n: int, _progress: Progress) -> str:
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


def hang(_n: int, progress: Progress) -> str:
    progress(0.25)
    time.sleep(3600)
    return ""


def wait_for_release(n: int, progress: Progress) -> str:
    """Take as long as the file exists that the environment names (see `held` of the lanes)."""
    progress(0.25)
    while Path(os.environ[HOLDING_FILE]).exists():
        time.sleep(0.01)
    return "7" * n


def quick_hang(_n: int, _progress: Progress) -> str:
    """Never end, although the estimate promises a quick calculation."""
    time.sleep(3600)
    return ""


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


def talk(n: int, _progress: Progress) -> str:
    """Print to standard output in every way."""
    print("DDDD garbage " * 1000)  # noqa: T201
    os.write(1, b"D\x00\x00\x00\x04oops")
    subprocess.run(["echo", "noise"], check=True)
    return "7" * n


def talk_much_to_stderr(n: int, _progress: Progress) -> str:
    for _ in range(n):
        sys.stderr.write("x" * 1023 + "\n")
    return "7" * n


def garbage(n: int, _progress: Progress) -> str:
    """Write to every open file, the pipe for frames among them."""
    for descriptor in range(3, 20):
        with suppress(OSError):
            os.write(descriptor, b"\xff" * n)
    time.sleep(3600)
    return ""


def misreport(_n: int, progress: Progress) -> str:
    """Report a fraction, and at once something else."""
    progress(0.5)
    progress("half")  # type: ignore[arg-type]
    return "7"


def fail(_n: int, _progress: Progress) -> str:
    raise ValueError("no such number: \0 \ud800 " + "x" * 5000)
