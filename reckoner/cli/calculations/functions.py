"""`reckoner functions`: what can be calculated, and with which arguments."""

import click

from reckoner.cli.output.forms import Form, Series, form_option, write, write_document
from reckoner.cli.output.function_text import function_lines, function_text
from reckoner.cli.service.connection import connected
from reckoner.cli.service.settings import url_option
from reckoner.cli.waiting.time_limit import time_limit_option


@click.command("functions")
@click.argument("name", required=False)
@form_option()
@time_limit_option
@url_option
def command(name: str | None, form: Form, url: str | None) -> None:
    r"""Show the functions that the service calculates, or one of them at length.

    \b
    Examples:
      reckoner functions
      reckoner functions fibonacci
      reckoner functions fibonacci -o json | jq .arguments
    """
    with connected(url) as client:
        if name is not None:
            document = client.function(name).document
            write_document(document, form, lambda: function_text(document))
            return
        documents = [function.document for function in client.functions()]
    if form is Form.TEXT:
        write(function_lines(documents))
        return
    series = Series(form)
    for document in documents:
        series.add(document)
    series.end()
