"""Ctrl-C while a calculation is awaited: it asks whether to cancel it, or to leave it running.

Without a terminal nobody can be asked, so it goes on. So it does after a second Ctrl-C.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from reckoner.cli.exit_status import CommandFailed, ExitStatus
from reckoner.cli.service.connection import connected
from reckoner.cli.waiting.time_limit import NotInTime

if TYPE_CHECKING:
    from reckoner.client import Calculation


@contextmanager
def interruptible(calculation: "Calculation", url: str | None) -> Iterator[None]:
    """Ask what becomes of the calculation when Ctrl-C comes, and let it end the command.

    Whoever cannot wait any longer for another reason is told its id, too.
    """
    try:
        yield
    except CommandFailed as failure:
        if failure.status is ExitStatus.UNREACHABLE or isinstance(failure, NotInTime):
            _tell_how_to_go_on(calculation)
        raise
    except KeyboardInterrupt:
        try:
            _decide(calculation, url)
        except (KeyboardInterrupt, NotInTime):
            _tell_how_to_go_on(calculation)
        raise


def _decide(calculation: "Calculation", url: str | None) -> None:
    if not _asks_to_cancel():
        _tell_how_to_go_on(calculation)
        return
    try:
        with connected(url) as client:
            client.cancel(calculation.id)
    except CommandFailed as failure:
        click.echo(failure.message, err=True)
        _tell_how_to_go_on(calculation)
    else:
        click.echo(f"Cancelled {calculation.id}.", err=True)


def _asks_to_cancel() -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    click.echo(
        "\nCancel the calculation, for everyone who has submitted it? "
        "[c: cancel it, Enter: leave it running] ",
        err=True,
        nl=False,
    )
    try:
        answer = sys.stdin.readline()
    except (KeyboardInterrupt, NotInTime):
        click.echo(err=True)  # what follows is not on the line of the question
        raise
    return answer.strip().lower() in ("c", "cancel", "y", "yes")


def _tell_how_to_go_on(calculation: "Calculation") -> None:
    click.echo(
        f"{calculation.id} goes on. `reckoner wait {calculation.id}` waits for it, "
        f"`reckoner cancel {calculation.id}` cancels it.",
        err=True,
    )
