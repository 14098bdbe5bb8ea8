"""Why a child process ended without a result, in words that say what to do."""

import signal

from shared.errors import CalculationAborted

#: GMP ends the process when it gets no memory; this is what it says before (GMP's memory.c).
_GMP_OUT_OF_MEMORY = "GNU MP: Cannot"

_DETAIL_CHARACTERS = 300

_SIGNALS = {
    signal.SIGKILL: (
        "was killed by the kernel (SIGKILL), probably because the machine ran out of memory. "
        "Give the worker more memory, or run fewer calculations at once (RECKONER_HEAVY_SLOTS)."
    ),
    signal.SIGSEGV: (
        "crashed (SIGSEGV): a fault in the function or in a library that it uses. "
        "Submitting it again will hardly help."
    ),
    signal.SIGABRT: (
        "aborted itself (SIGABRT): a library that it uses gave up. The worker's log has its words."
    ),
}


def cause_of_death(status: int, stderr: str, memory_limit_bytes: int) -> CalculationAborted:
    """Return the error for a child that ended with this status: minus a signal, as Popen says."""
    if status == -signal.SIGABRT and _GMP_OUT_OF_MEMORY in stderr:
        return CalculationAborted(
            "memory-limit",
            f"It needed more than the {memory_limit_bytes:,} bytes that a calculation may use "
            "(RECKONER_MEMORY_LIMIT_BYTES).",
        )
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:  # real-time signals have no names
            name = f"signal {-status}"
        said = _SIGNALS.get(-status, f"was ended by {name}.")  # type: ignore[call-overload]
        return CalculationAborted("process-died", f"Its process {said}")
    last_words = stderr.strip().rpartition("\n")[2][:_DETAIL_CHARACTERS]
    told = f" It last said: {last_words}" if last_words else ""
    return CalculationAborted(
        "process-died", f"Its process ended without a result, with exit status {status}.{told}"
    )
