"""`reckoner result`: the bytes of a result, to standard output or into a file."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reckoner.cli.exit_status import CommandFailed, ExitStatus, refuse
from reckoner.cli.invocation import NO_ROOM
from reckoner.cli.output.forms import Form
from reckoner.cli.output.outcome import is_readable
from reckoner.cli.service.connection import connected
from reckoner.cli.service.settings import url_option
from reckoner.cli.waiting.options import calculation_argument
from reckoner.cli.waiting.time_limit import time_limit_option

if TYPE_CHECKING:
    from reckoner.client import Result


def _checked(_context: click.Context, _parameter: click.Parameter, file: str | None) -> Path | None:
    """Return the path, unless it is a form: every other command has those with -o."""
    if file is None:
        return None
    if file in frozenset(Form):
        raise click.BadParameter(
            f"a result has no forms, so this would be a file of the name {file}. Leave it out to "
            f"write to standard output, or name ./{file}."
        )
    return Path(file)


@click.command("result")
@calculation_argument
@click.option(
    "-o",
    "--output",
    "file",
    metavar="FILE",
    callback=_checked,
    help="Write the result into this file.",
)
@time_limit_option
@url_option
def command(identity: str, file: Path | None, url: str | None) -> None:
    r"""Write the result of the calculation ID, its bytes as they are.

    Into a FILE, a download that breaks is resumed, its SHA-256 is checked, and the file appears
    once it is complete. Without -o, it goes to standard output, and is checked as well: the exit
    status is 1 if what was written is not the result.

    \b
    Examples:
      reckoner result ffcfeb02-09f4-5c06-889e-7cd5cd61b456
      reckoner result ffcfeb02-09f4-5c06-889e-7cd5cd61b456 -o digits.txt
    """
    with connected(url) as client:
        calculation = client.get(identity)
    result = calculation.result
    if file is None and result is not None and sys.stdout.isatty():
        _refuse_unreadable(result)
    with connected(url, is_patient=True) as client:
        if file is None:
            client.download(calculation, sys.stdout.buffer)
            sys.stdout.buffer.flush()
            return
        try:
            client.download(calculation, file)
        except OSError as error:
            raise CommandFailed(_not_written(file, error), ExitStatus.FAILED) from error


def _not_written(file: Path, error: OSError) -> str:
    words = f"{file} cannot be written: {(error.strerror or str(error)).rstrip('.')}."
    if error.errno in NO_ROOM:
        return f"{words} Make room; what was received is kept, and the download goes on there."
    return f"{words} Name a file that can be written."


def _refuse_unreadable(result: "Result") -> None:
    if not is_readable(result.media_type):
        refuse(
            f"The result is {result.length:,} bytes of {result.media_type}, which a terminal "
            "cannot show. Write it into a file with -o FILE."
        )
