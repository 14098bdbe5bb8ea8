"""`reckoner submit`: submit a calculation, and print its id."""

import click

from reckoner.cli.arguments.given import read_given
from reckoner.cli.arguments.options import function_and_arguments
from reckoner.cli.output.forms import Form, form_option, write_document
from reckoner.cli.service.connection import connected
from reckoner.cli.service.settings import url_option
from reckoner.cli.waiting.submitting import submit
from reckoner.cli.waiting.time_limit import time_limit_option


@click.command("submit")
@function_and_arguments
@form_option()
@time_limit_option
@url_option
def command(
    function: str, arguments: tuple[str, ...], file: str | None, form: Form, url: str | None
) -> None:
    r"""Submit a calculation of FUNCTION, and print its id.

    It does not wait. The same calculation has the same id, whoever submits it and how often. One
    that failed or was cancelled is queued again. Arguments are written as for `reckoner run`.

    \b
    Examples:
      reckoner submit fibonacci n=1e8
      id=$(reckoner submit fibonacci n=1e8) && reckoner wait "$id"
    """
    given = read_given(arguments, file)
    with connected(url) as client:
        calculation = submit(client, function, given)
    write_document(calculation.document, form, lambda: f"{calculation.id}\n")
