"""`reckoner get`: show a calculation as it is now."""

import click

from reckoner.cli.output.calculation_text import calculation_text
from reckoner.cli.output.forms import Form, form_option, write_document
from reckoner.cli.service.connection import connected
from reckoner.cli.service.settings import url_option
from reckoner.cli.waiting.options import calculation_argument
from reckoner.cli.waiting.time_limit import time_limit_option


@click.command("get")
@calculation_argument
@form_option()
@time_limit_option
@url_option
def command(identity: str, form: Form, url: str | None) -> None:
    r"""Show the calculation ID as it is now.

    The exit status is 0 whatever has become of it: `reckoner wait` has one for each ending.

    \b
    Examples:
      reckoner get ffcfeb02-09f4-5c06-889e-7cd5cd61b456
      reckoner get ffcfeb02-09f4-5c06-889e-7cd5cd61b456 -o json | jq .status
    """
    with connected(url) as client:
        document = client.get(identity).document
    write_document(document, form, lambda: calculation_text(document))
