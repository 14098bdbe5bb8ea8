"""`reckoner estimate`: what a calculation would cost. Nothing is submitted."""

from collections.abc import Mapping

import click

from reckoner.cli.arguments.given import read_given
from reckoner.cli.arguments.options import bind, function_and_arguments
from reckoner.cli.output.calculation_text import estimate_text
from reckoner.cli.output.forms import Form, form_option, write_document
from reckoner.cli.output.printable import printable
from reckoner.cli.service.connection import connected
from reckoner.cli.service.settings import url_option
from reckoner.cli.waiting.time_limit import time_limit_option


@click.command("estimate")
@function_and_arguments
@form_option()
@time_limit_option
@url_option
def command(
    function: str, arguments: tuple[str, ...], file: str | None, form: Form, url: str | None
) -> None:
    r"""Say what a calculation of FUNCTION would need, and whether it is there already.

    Nothing is submitted. Arguments are written as for `reckoner run`.

    \b
    Examples:
      reckoner estimate fibonacci n=1e9
      reckoner estimate fibonacci n=1e9 -o json | jq .estimate.seconds
    """
    given = read_given(arguments, file)
    with connected(url) as client:
        found = client.estimate(function, bind(client, function, given))
    estimate = found.estimate
    document = {
        "id": str(found.id),
        "lane": found.lane,
        "estimate": None
        if estimate is None
        else {
            "seconds": estimate.seconds,
            "bytes": estimate.bytes,
            "digits": estimate.digits,
            "source": estimate.source,
        },
        "status": found.status,
    }
    write_document(document, form, lambda: _text(document))


def _text(document: Mapping[str, object]) -> str:
    estimate = document["estimate"]
    needs = estimate_text(estimate) if isinstance(estimate, dict) else "not known"
    lines = {
        "id": document["id"],
        "estimate": needs,
        "lane": document["lane"],
        "status": document["status"] or "not submitted yet",
    }
    return "".join(f"{name:<12} {printable(str(value))}\n" for name, value in lines.items())
