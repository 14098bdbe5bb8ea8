"""Whether a calculation whose process died gets another attempt, by how its attempts have ended.

A kill from outside costs one attempt of RECKONER_MAX_ATTEMPTS. A crash, and running out of memory,
are probably the function's own doing: these are tried once more. (Waiting for a PostgreSQL that is
unavailable is another matter: see shared/postgres/retry.py.)
"""

from collections.abc import Sequence

from shared.errors import CalculationAborted, ProcessDied
from workers.sandbox.exit_reasons import CRASHED, KILLED, NOT_STARTED, OUT_OF_MEMORY

_ADVICE = {
    CRASHED: "Report this to the function's author; resubmitting is unlikely to help.",
    KILLED: "Find out what kills processes on the worker's machine, then resubmit.",
    NOT_STARTED: "Find out why the worker's machine cannot start processes, then resubmit.",
}


def failure_to_store(
    aborted: CalculationAborted, earlier: Sequence[str], *, attempts: int, max_attempts: int
) -> CalculationAborted | None:
    """Return the failure to store; None if there is to be another attempt.

    `earlier` are the outcomes of the earlier attempts since the last submission, and `attempts` is
    the number of all of them, this one included.
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
    """Return whether the next attempt needs its worker's memory to itself."""
    return OUT_OF_MEMORY in earlier


def _too_large(earlier: Sequence[str]) -> CalculationAborted:
    again = ", even when it ran alone in its worker" if OUT_OF_MEMORY in earlier else ""
    return CalculationAborted(
        "memory-limit",
        f"The machine ran out of memory while it ran{again}. Use smaller arguments, or give the "
        "worker more memory; a lower RECKONER_MEMORY_LIMIT_BYTES refuses what does not fit.",
    )


def _tries(attempts: int) -> str:
    return "It was tried once." if attempts == 1 else f"It was tried {attempts} times."
