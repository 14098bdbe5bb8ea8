"""Why a child process ended without a result, in words that say what to do."""

import signal

from shared.errors import CalculationAborted, ProcessDied

#: What the history calls an end that is not the function's word: it is tried again, or was.
KILLED = "killed"
CRASHED = "crashed"
OUT_OF_MEMORY = "out-of-memory"
NOT_STARTED = "not-started"

#: GMP ends the process when it gets no memory; this is what it says before (GMP's memory.c).
_GMP_OUT_OF_MEMORY = "GNU MP: Cannot"

_DETAIL_CHARACTERS = 300

#: What a process brings upon itself. Any other signal comes from outside.
_CRASHES = {
    signal.SIGSEGV: "a fault in the function or in a library that it uses",
    signal.SIGBUS: "a fault in the function or in a library that it uses",
    signal.SIGFPE: "a fault in the function or in a library that it uses",
    signal.SIGILL: "a library is built for another processor, or has a fault",
    signal.SIGSYS: "a call to the kernel that is not allowed here",
    signal.SIGTRAP: "a library that it uses gave up",
    signal.SIGABRT: "a library that it uses gave up; the worker's log has its words",
}


def explain_exit(
    status: int, stderr: str, memory_limit_bytes: int, *, is_out_of_memory: bool = False
) -> CalculationAborted:
    """Return the error for a child that ended with this status: minus a signal, as Popen says.

    It is a ProcessDied where another attempt may end otherwise. `is_out_of_memory` says that the
    kernel has killed something meanwhile because memory ran out.
    """
    if status == -signal.SIGABRT and _GMP_OUT_OF_MEMORY in stderr:
        return CalculationAborted(
            "memory-limit",
            f"It needed more than the {memory_limit_bytes:,} bytes that a calculation may use "
            "(RECKONER_MEMORY_LIMIT_BYTES).",
        )
    if status == -signal.SIGKILL and is_out_of_memory:
        return ProcessDied(
            OUT_OF_MEMORY, "Its process was killed by the kernel because memory ran out."
        )
    if status < 0:
        name = _name(-status)
        for number, why in _CRASHES.items():
            if number == -status:
                return ProcessDied(CRASHED, f"Its process crashed ({name}): {why}.")
        return ProcessDied(KILLED, f"Its process was ended from outside ({name}).")
    last_words = stderr.strip().rpartition("\n")[2][:_DETAIL_CHARACTERS]
    told = f" It last said: {last_words}" if last_words else ""
    return CalculationAborted(
        "process-died", f"Its process ended without a result, with exit status {status}.{told}"
    )


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # real-time signals have no names
        return f"signal {number}"
