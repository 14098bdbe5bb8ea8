"""What the exit status of `reckoner` says to a script.

docs/reference/command-line.md has the same table.
"""

from enum import IntEnum
from typing import NoReturn


class ExitStatus(IntEnum):
    """How a command ended."""

    SUCCESS = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_ALLOWED = 4
    UNREACHABLE = 5
    CANCELLED = 6
    TIMED_OUT = 124
    INTERRUPTED = 130


#: For docs/reference/command-line.md and for the help.
MEANINGS = {
    ExitStatus.SUCCESS: "success",
    ExitStatus.FAILED: "the calculation failed, or what the command was to do",
    ExitStatus.USAGE: "a wrong command line, wrong arguments of a function, or wrong settings",
    ExitStatus.NOT_FOUND: "there is no such calculation, result or function",
    ExitStatus.NOT_ALLOWED: "the key is missing or not valid, or does not allow it",
    ExitStatus.UNREACHABLE: "the service cannot be reached, or cannot take work now",
    ExitStatus.CANCELLED: "the calculation was cancelled",
    ExitStatus.TIMED_OUT: (
        "the calculation is not finished yet, or the command not done after --timeout seconds"
    ),
    ExitStatus.INTERRUPTED: "Ctrl-C, or nobody reads the output any more",
}


class CommandFailed(Exception):
    """Raised when a command cannot do its work: what is wrong, what to do, and its exit status."""

    def __init__(self, message: str, status: ExitStatus) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def refuse(message: str) -> NoReturn:
    """Raise CommandFailed for a wrong command line."""
    raise CommandFailed(message, ExitStatus.USAGE)
