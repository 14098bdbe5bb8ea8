"""Why a child process ended without a result, as the error that its calculation ends with.

The texts are stored with the calculation and shown to its client.
"""

import signal

from shared.errors import CalculationAborted, ProcessDied

#: The exit reasons of a ProcessDied, as the history names them: another attempt may succeed.
KILLED = "killed"
CRASHED = "crashed"
OUT_OF_MEMORY = "out-of-memory"
NOT_STARTED = "not-started"

#: GMP aborts its process when it gets no memory, and writes this before (memory.c of GMP).
_GMP_OUT_OF_MEMORY = "GNU MP: Cannot"

_OUTPUT_CHARACTERS = 300

#: The signals that a process causes itself. Any other comes from outside.
_CRASHES = {
    signal.SIGSEGV: "a fault in the function or in a library that it uses",
    signal.SIGBUS: "a fault in the function or in a library that it uses",
    signal.SIGFPE: "a fault in the function or in a library that it uses",
    signal.SIGILL: "a library was built for another processor, or has a fault",
    signal.SIGSYS: "a system call that is not allowed here",
    signal.SIGTRAP: "a library that it uses aborted",
    signal.SIGABRT: "a library that it uses aborted; the worker's log has its message",
}


def explain_exit(
    status: int,
    stderr: str,
    memory_limit_bytes: int,
    *,
    is_declared: bool = False,
    is_out_of_memory: bool = False,
) -> CalculationAborted:
    """Return the error for a child that ended with this exit status, or by minus this signal.

    It is a ProcessDied if another attempt may succeed. `is_out_of_memory` means that the
    kernel killed some process for lack of memory while the child ran.
    """
    if status == -signal.SIGABRT and _GMP_OUT_OF_MEMORY in stderr:
        return memory_limit_exceeded(memory_limit_bytes, is_declared=is_declared)
    if status == -signal.SIGKILL and is_out_of_memory:
        return ProcessDied(
            OUT_OF_MEMORY,
            "The kernel killed the calculation's process because the machine ran out of memory.",
        )
    if status < 0:
        name = _signal_name(-status)
        for number, cause in _CRASHES.items():
            if number == -status:
                return ProcessDied(CRASHED, f"The calculation's process crashed ({name}): {cause}.")
        return ProcessDied(KILLED, f"The calculation's process was killed from outside ({name}).")
    last_line = stderr.strip().rpartition("\n")[2][:_OUTPUT_CHARACTERS]
    output = f" Its last output was: {last_line}" if last_line else ""
    return CalculationAborted(
        "process-died",
        f"The calculation's process exited without a result (exit status {status}). "
        f"A function must return or raise, never end its process.{output}",
    )


def memory_limit_exceeded(
    limit_bytes: int, processes: int = 1, *, is_declared: bool = False
) -> CalculationAborted:
    """Return the error for a calculation that needed more memory than it may use.

    The limit is the one that the function declares, or that of the settings.
    """
    what = "It" if processes == 1 else f"Its {processes} processes together"
    whose, remedy = (
        ("its function declares", "have the function's author declare more")
        if is_declared
        else ("a calculation may use", "raise RECKONER_MEMORY_LIMIT_BYTES")
    )
    return CalculationAborted(
        "memory-limit",
        f"{what} needed more than the {limit_bytes:,} bytes of memory that {whose}. "
        f"Use smaller arguments, or {remedy}.",
    )


def time_limit_exceeded(limit_seconds: float, *, is_declared: bool = False) -> CalculationAborted:
    """Return the error for an attempt that took longer than its function or the settings allow."""
    whose, remedy = (
        ("its function declares", "have the function's author declare more")
        if is_declared
        else ("one attempt may take", "raise RECKONER_TIME_LIMIT_SECONDS")
    )
    return CalculationAborted(
        "time-limit",
        f"It ran longer than the {limit_seconds:g} seconds that {whose}. "
        f"Use smaller arguments, or {remedy}.",
    )


def results_differ() -> CalculationAborted:
    """Return the error for a function whose second run gave another result than the first."""
    return CalculationAborted(
        "result-wrong",
        "The function gave another result when it was run again with the same arguments. Report "
        "this to the function's author: a function must not depend on time, on chance without a "
        "seed, or on the order of a set.",
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # real-time signals have no names
        return f"signal {number}"
