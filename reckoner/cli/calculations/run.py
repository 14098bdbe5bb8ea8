"""`reckoner run`: submit a calculation, wait for it, and print its value."""

from typing import TYPE_CHECKING

import click

from reckoner.cli.arguments.given import read_given
from reckoner.cli.arguments.options import function_and_arguments
from reckoner.cli.output.forms import Form, form_option
from reckoner.cli.output.outcome import write_outcome
from reckoner.cli.output.progress import progress_shown
from reckoner.cli.output.terminal import say
from reckoner.cli.service.connection import connected
from reckoner.cli.service.settings import url_option
from reckoner.cli.waiting.interruption import interruptible
from reckoner.cli.waiting.options import timeout_option
from reckoner.cli.waiting.submitting import submit
from reckoner.cli.waiting.time_limit import last_look_included, time_limit
from reckoner.cli.waiting.waiting import wait_until_final

if TYPE_CHECKING:
    from reckoner.client import Calculation


@click.command("run")
@function_and_arguments
@timeout_option
@form_option()
@url_option
def command(
    function: str,
    arguments: tuple[str, ...],
    file: str | None,
    timeout: float | None,
    form: Form,
    url: str | None,
) -> None:
    r"""Calculate FUNCTION, and print the result.

    An argument is NAME=VALUE: n=1e6 and n=100_000 are whole numbers, where one is wanted. A list or
    an object is JSON, NAME=@FILE takes the value from a file, and all arguments together may be one
    JSON object. With -o json it prints the document of the calculation, also if it failed.

    After Ctrl-C the calculation may be cancelled, or left to go on.

    \b
    Examples:
      reckoner run fibonacci n=1e6
      reckoner run fibonacci '{"n": 100}' -o json
      reckoner run mandelbrot width=640 >picture.png
      reckoner run fibonacci n=1e8 --timeout 60
    """
    given = read_given(arguments, file)
    with time_limit(last_look_included(timeout)):
        with connected(url) as client:
            submitted = submit(client, function, given)
        calculation = _finish(submitted, timeout, url)
    with connected(url, is_patient=True) as client:
        write_outcome(client, calculation, form)


def _finish(submitted: "Calculation", timeout: float | None, url: str | None) -> "Calculation":
    """Return a calculation once it is final; Ctrl-C asks what becomes of it."""
    if submitted.is_final:
        return submitted
    say(f"{submitted.id}")
    with (
        interruptible(submitted, url),
        connected(url, is_patient=True) as client,
        progress_shown() as on_progress,
    ):
        return wait_until_final(client, submitted, timeout, on_progress)
