"""Run a function in a test as the service would: its limits, its check, a process of its own.

    from reckoner.testing import run

    def test_primes():
        assert run(primes, n=10).value == [2, 3, 5, 7]

`run` raises Failed if the calculation fails, and ArgumentsRefused for invalid arguments.
"""

from reckoner.testing.outcome import ArgumentsRefused, Failed, Outcome
from reckoner.testing.running import run

__all__ = ["ArgumentsRefused", "Failed", "Outcome", "run"]
