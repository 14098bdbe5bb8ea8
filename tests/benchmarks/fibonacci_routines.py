"""Ways to the decimal digits of F(n), and the process that runs one of them.

`python -m tests.benchmarks.fibonacci_routines NAME N CALLS SECONDS` computes F(N) up to CALLS
times, but not again after SECONDS, and prints JSON: the seconds of each call, the peak memory of
the process, the number of digits, and their SHA-256. Imports are not timed. A fresh process for
each measurement makes the memory its own and the caches empty. Libraries are imported only where
they are measured, by name, as they have no types.
"""

import decimal
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from importlib import import_module

from tests.benchmarks.programs import peak_memory_bytes
from workers.sandbox.limits import keep_freed_memory

Routine = Callable[[int], list[str]]
"""Computes F(n) and returns its decimal digits in pieces."""


def _nothing() -> None:
    pass


class Prepared:
    """A routine with its library imported, and how to make it forget what it has computed."""

    def __init__(self, compute: Routine, forget: Callable[[], object] = _nothing) -> None:
        self.compute = compute
        self.forget = forget


def _reckoner() -> Prepared:
    from shared.functions.fibonacci import fibonacci

    keep_freed_memory()  # as the child process that computes does

    def digits(n: int) -> list[str]:
        found = fibonacci(n)
        return [found] if isinstance(found, str) else list(found)

    return Prepared(digits)


def _gmpy2() -> Prepared:
    gmpy2 = import_module("gmpy2")

    return Prepared(lambda n: [gmpy2.fib(n).digits()])


def _flint() -> Prepared:
    flint = import_module("flint")

    flint.ctx.threads = len(os.sched_getaffinity(0))
    return Prepared(lambda n: [flint.fmpz.fib_ui(n).str()])


def _sympy() -> Prepared:
    os.environ["SYMPY_GROUND_TYPES"] = "gmpy"
    sympy = import_module("sympy")
    clear_cache = import_module("sympy.core.cache").clear_cache

    def forget() -> None:
        clear_cache()
        _forget_mpmath()  # SymPy uses mpmath

    return Prepared(lambda n: [str(sympy.fibonacci(n))], forget)


def _mpmath() -> Prepared:
    libmp = import_module("mpmath").libmp

    assert libmp.BACKEND == "gmpy"
    return Prepared(lambda n: [str(libmp.ifib(n))], _forget_mpmath)


def _forget_mpmath() -> None:
    libmp = import_module("mpmath").libmp

    libmp.ifib.__defaults__[0].clear()


def _decimal() -> Prepared:
    """Doubling directly in decimal: F(2k) = F(k)·(2F(k+1) - F(k)), F(2k+1) = F(k)² + F(k+1)²."""

    def digits(n: int) -> list[str]:
        with decimal.localcontext() as context:
            context.prec = int(n * 0.20898764025) + 30
            context.Emax, context.Emin = decimal.MAX_EMAX, decimal.MIN_EMIN
            context.traps[decimal.Inexact] = True
            f, g = Decimal(0), Decimal(1)
            for position in range(n.bit_length() - 1, 0, -1):
                f, g = f * (2 * g - f), f * f + g * g
                if n >> position & 1:
                    f, g = g, f + g
            # The last step needs one of the two.
            f = f * f + g * g if n & 1 else f * (2 * g - f)
            return [format(f, "f")]

    return Prepared(digits)


def _recursion() -> Prepared:
    def fibonacci(n: int) -> int:
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    return Prepared(lambda n: [str(fibonacci(n))])


ROUTINES: dict[str, Callable[[], Prepared]] = {
    "reckoner": _reckoner,
    "gmpy2": _gmpy2,
    "python-flint": _flint,
    "decimal": _decimal,
    "mpmath": _mpmath,
    "sympy": _sympy,
    "recursion": _recursion,
}


def main(name: str, n: int, calls: int, seconds: float) -> None:
    """Measure one routine and print what was found."""
    sys.set_int_max_str_digits(0)
    routine = ROUTINES[name]()
    took: list[float] = []
    began = time.perf_counter()
    pieces: list[str] = []
    while not took or (len(took) < calls and time.perf_counter() - began < seconds):
        routine.forget()
        pieces = []  # the last result's memory is not this one's
        called = time.perf_counter()
        pieces = routine.compute(n)
        took.append(time.perf_counter() - called)
    peak_bytes = peak_memory_bytes(os.getpid())
    checksum = hashlib.sha256()
    for piece in pieces:
        checksum.update(piece.encode("ascii"))
    found = {
        "seconds": took,
        "peak_bytes": peak_bytes,
        "digits": sum(map(len, pieces)),
        "sha256": checksum.hexdigest(),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
