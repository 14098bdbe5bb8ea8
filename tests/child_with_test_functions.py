"""A child process like the real one, with the functions of the tests.

Run as a module; each function takes the arguments `{"n": …}`.
"""

import sys
from collections.abc import Callable
from typing import Any

from shared.functions.estimates import Estimate
from shared.functions.signature import Digits, Function, Progress

from shared.functions.registry import Registry
from tests.misbehaving import digits, processes
from workers.sandbox.child import main

COMMAND = (sys.executable, "-m", "tests.child_with_test_functions")

SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 0}},
    "required": ["n"],
    "additionalProperties": False,
}


def sevens_modulo(n: int, prime: int) -> int:
    return 7 * (pow(10, n, 9 * prime) - 1) // 9 % prime


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
    )
)


if __name__ == "__main__":
    sys.exit(main(lambda: REGISTRY))
