"""A child process and a template process like the real ones, with the functions of the tests.

Run as a module: a template with `template SOCKET`, otherwise a fresh child. Each function takes the
arguments `{"n": …}`.
"""

import dataclasses
import sys
from collections.abc import Callable, Iterable
from typing import Annotated

from reckoner import Digits, Estimate, Function, Ge, Le, Progress, Residue, function
from shared.functions.registry import Registry
from tests.misbehaving import declared, digits, processes, results
from workers.sandbox.inside import child, template

COMMAND = (sys.executable, "-m", "tests.child_with_test_functions")
TEMPLATE_COMMAND = (*COMMAND, "template")


def sevens_modulo(n: int, prime: int) -> int:
    return 7 * (pow(10, n, 9 * prime) - 1) // 9 % prime


def _residue(n: int, modulus: int) -> int:
    return sevens_modulo(n, modulus)


def _function(body: Callable[[int, Progress], Iterable[str]]) -> Function:
    seconds = 0.05 if body.__name__.startswith("quick_") else 1.0

    def estimate(n: int) -> Estimate:
        return Estimate(seconds, 2**26, max(1, n))

    @function(name=body.__name__, estimate=estimate, check=Residue(_residue))
    def calculation(
        n: Annotated[int, Ge(0), Le(1_000_000_000)], progress: Progress
    ) -> Digits | Iterable[Digits]:
        return body(n, progress)

    return dataclasses.replace(calculation, summary=body.__doc__ or body.__name__)


REGISTRY = Registry(
    [
        *results.FUNCTIONS,
        *declared.FUNCTIONS,
        *map(
            _function,
            (
                digits.repeat,
                digits.whole,
                digits.wrong,
                digits.words,
                digits.nothing,
                digits.begin,
                digits.slow,
                digits.hang,
                digits.wait_for_release,
                digits.quick_hang,
                digits.multiply,
                digits.hog,
                digits.hog_in_gmp,
                digits.talk,
                digits.talk_much_to_stderr,
                digits.misreport,
                digits.garbage,
                digits.fail,
                processes.crash,
                processes.abort,
                processes.kill_itself,
                processes.kill_its_worker,
                processes.leave,
                processes.linger,
                processes.fork,
                processes.fork_and_forget,
                processes.fork_between_pieces,
                processes.daemonize,
                processes.hog_in_forks,
                processes.share_in_forks,
                processes.quick_crash,
            ),
        ),
    ]
)


if __name__ == "__main__":
    if sys.argv[1:2] == ["template"]:
        sys.exit(template.main(sys.argv[2:], lambda: REGISTRY))
    sys.exit(child.main(lambda: REGISTRY))
