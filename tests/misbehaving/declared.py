"""Functions that declare limits, or how they are to be run, and some that show how they run."""

import importlib
import random
import sys
import time
from pathlib import Path

from reckoner import function


@function(name="declared_time", timeout=0.3)
def declared_time(n: int) -> int:
    """Take longer than declared."""
    time.sleep(3600)
    return n


@function(name="declared_memory", memory="64MiB")
def declared_memory(n: int) -> int:
    """Hold more memory than declared."""
    return len(bytearray(2**28)) + n


def _command() -> str:
    return Path("/proc/self/cmdline").read_text()


@function(name="how_forked")
def how_forked(n: int) -> str:
    """Return the command line of the process that computes this."""
    return _command()


@function(name="how_fresh", fresh=True)
def how_fresh(n: int) -> str:
    """Do the same in an interpreter of its own."""
    return _command()


@function(name="chance")
def chance(n: int) -> list[float]:
    """Return what `random`, and NumPy if a package has imported it, give first."""
    found = [random.random()]
    if "numpy" in sys.modules:
        found.append(float(sys.modules["numpy"].random.random()))
    return found


@function(name="multiply_matrices")
def multiply_matrices(n: int) -> float:
    """Return an element of the product of two matrices of ones, by NumPy: n."""
    numpy = importlib.import_module("numpy")
    return float((numpy.ones((n, n)) @ numpy.ones((n, n)))[0, 0])


@function(name="descriptors")
def descriptors(n: int) -> list[str]:
    """Return what files this process has open."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(entry.readlink()).partition(":")[0])
        except FileNotFoundError:  # the folder itself, which is closed by now
            continue
    return sorted(found)


FUNCTIONS = (
    declared_time,
    declared_memory,
    how_forked,
    how_fresh,
    chance,
    multiply_matrices,
    descriptors,
)
