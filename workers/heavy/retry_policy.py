"""Whether a calculation whose process died is tried again, by how its attempts have ended so far.

What comes from outside costs one attempt of RECKONER_MAX_ATTEMPTS. What is probably the function's
own, a crash, or too much memory for this machine, is tried once more and not again and again.
"""

from collections.abc import Sequence

from shared.errors import CalculationAborted, ProcessDied
from workers.sandbox.exit_reasons import CRASHED, KILLED, NOT_STARTED, OUT_OF_MEMORY

_ADVICE = {
    CRASHED: "Submitting it again will hardly help.",
    KILLED: "Find out what ends processes on the worker's machine, and submit it again.",
    NOT_STARTED: "Find out what the worker's machine lacks, and submit it again.",
}


def failure_to_store(
    aborted: CalculationAborted, earlier: Sequence[str], *, attempts: int, max_attempts: int
) -> CalculationAborted | None:
    """Return the failure that this end comes to; None if it is to be tried again.

    `earlier` names the ends of the attempts before in this round, `attempts` counts all of them.
    """
    if not isinstance(aborted, ProcessDied):
        return aborted
    is_last = attempts >= max_attempts
    if aborted.exit_reason == OUT_OF_MEMORY:
        if is_last or OUT_OF_MEMORY in earlier:
            return _too_large(earlier)
        return None
    if is_last or (aborted.exit_reason == CRASHED and CRASHED in earlier):
        return CalculationAborted(
            aborted.reason, f"{aborted.detail} {_tries(attempts)} {_ADVICE[aborted.exit_reason]}"
        )
    return None


def must_run_alone(earlier: Sequence[str]) -> bool:
    """Say whether the next attempt is to have its worker's memory to itself."""
    return OUT_OF_MEMORY in earlier


def _too_large(earlier: Sequence[str]) -> CalculationAborted:
    again = ", also when it ran alone in its worker" if OUT_OF_MEMORY in earlier else ""
    return CalculationAborted(
        "memory-limit",
        f"The machine ran out of memory while it ran{again}. Give the worker more memory, have "
        "less run beside it, or ask for less; a lower RECKONER_MEMORY_LIMIT_BYTES refuses what "
        "does not fit.",
    )


def _tries(attempts: int) -> str:
    return "It was tried once." if attempts == 1 else f"It was tried {attempts} times."
