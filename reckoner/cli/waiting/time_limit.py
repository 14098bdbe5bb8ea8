"""A limit of time for a command, whatever it waits for: also a gateway that stays silent.

It interrupts the command as Ctrl-C does. Where the system has no such signal, the limits of single
requests are all that there is.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, NoReturn

import click

from reckoner.cli.exit_status import CommandFailed, ExitStatus

#: 30 years: whoever wants no limit leaves the option out.
_MAX_SECONDS = 1e9

#: Interrupted again if a library has swallowed the first one.
_AGAIN_SECONDS = 1.0

#: How much later than --timeout a command is interrupted that looks once more at its end.
_LAST_LOOK_SECONDS = 10.0


class NotInTime(CommandFailed):
    """Raised when a command has to end because of its limit of time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The command is not done after {seconds:g} s. Try again, or give a longer --timeout.",
            ExitStatus.TIMED_OUT,
        )


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise NotInTime after this time, from wherever the command is then."""
    is_main = threading.current_thread() is threading.main_thread()
    if seconds is None or not hasattr(signal, "setitimer") or not is_main:
        yield
        return

    def interrupt(_number: int, _frame: object) -> NoReturn:
        raise NotInTime(seconds)

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001), _AGAIN_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def last_look_included(timeout: float | None) -> float | None:
    """Return the limit for a command that itself ends its waiting after the time-out."""
    return None if timeout is None else timeout + _LAST_LOOK_SECONDS


def time_limit_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add `--timeout` to a command that waits for nothing but answers, and hold it to that."""

    @wraps(command)
    def limited(*, time_limit_seconds: float | None, **arguments: Any) -> None:
        with time_limit(time_limit_seconds):
            command(**arguments)

    return click.option(
        "--timeout",
        "time_limit_seconds",
        type=float,
        callback=checked_seconds,
        metavar="SECONDS",
        help="Take no longer, and exit with status 124 then.",
    )(limited)


def checked_seconds(
    _context: click.Context, _parameter: click.Parameter, seconds: float | None
) -> float | None:
    """Return the value of `--timeout`. Raises click.BadParameter."""
    if seconds is not None and not 0 <= seconds <= _MAX_SECONDS:  # nan is refused, too
        raise click.BadParameter(f"{seconds:g} is not a time. Write seconds, such as 60 or 0.5.")
    return seconds
