"""How a command is run: whatever goes wrong ends in a sentence and an exit status."""

import errno
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

from reckoner.cli.exit_status import CommandFailed, ExitStatus
from reckoner.cli.output.printable import printable

#: What a full disk, a quota or a broken device says of what is written to it.
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


@dataclass
class Invocation:
    """What options of `reckoner` itself say to all commands."""

    #: Whether a bug of ours is shown with its traceback.
    is_debugged: bool = False


class OutputClosed(Exception):
    """Raised when nobody reads standard output any more."""


@contextmanager
def output_closed_is_an_interruption() -> Iterator[None]:
    """Raise OutputClosed in place of BrokenPipeError, which click would make status 1 of."""
    try:
        yield
    except BrokenPipeError as error:
        raise OutputClosed from error


def run(command: click.Command) -> int:
    """Run the command that sys.argv names; return its exit status. May raise SystemExit."""
    invocation = Invocation()
    _check_streams()
    try:
        try:
            status = command.main(prog_name="reckoner", standalone_mode=False, obj=invocation)
        finally:
            sys.stdout.flush()
        return status if isinstance(status, int) else ExitStatus.SUCCESS
    except CommandFailed as error:
        _tell(printable(error.message))
        return error.status
    except click.ClickException as error:
        return _say(error)
    except (KeyboardInterrupt, click.Abort):
        _tell("")  # ends the line on which the terminal shows ^C
        return ExitStatus.INTERRUPTED
    except (BrokenPipeError, OutputClosed):
        _drop_output()
        return ExitStatus.INTERRUPTED
    except Exception as error:
        _drop_output()
        return _unexpected(error, invocation)


def _unexpected(error: Exception, invocation: Invocation) -> int:
    if isinstance(error, OSError) and error.errno in NO_ROOM and error.filename is None:
        _tell(
            f"Standard output cannot be written: {error.strerror}. Make room, or write elsewhere, "
            "and run the command again."
        )
    elif invocation.is_debugged:
        _tell(traceback.format_exc())
    else:
        words = " ".join(f"{error}".split())[:200]
        _tell(
            f"A bug in Reckoner: {type(error).__name__}: {words}. Please report it, with what "
            "`reckoner --debug` and the same command shows."
        )
    return ExitStatus.FAILED


def _say(error: click.ClickException) -> int:
    """Show an error as click does, if anybody reads it."""
    try:
        error.show()
    except OSError:
        _drop_output()
    return error.exit_code


def _tell(words: str) -> None:
    try:
        click.echo(words, err=True)
    except OSError:
        _drop_output()


def _check_streams() -> None:
    """Exit if there is no standard output, whose number another file would get.

    What a locale cannot write is written as an escape, not refused.
    """
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115
    if sys.stdout is None:
        _tell("Standard output is closed. Send it to /dev/null if nobody needs it.")
        sys.exit(ExitStatus.FAILED)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _drop_output() -> None:
    """Let what is still buffered go nowhere, when the interpreter flushes it in the end."""
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
        for number in (1, 2):
            try:
                (sys.stdout if number == 1 else sys.stderr).flush()
            except (OSError, ValueError):
                os.dup2(nowhere.fileno(), number)
