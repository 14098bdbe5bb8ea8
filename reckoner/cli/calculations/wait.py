"""`reckoner wait`: wait until a calculation is finished."""

import click

from reckoner.cli.output.calculation_text import calculation_text
from reckoner.cli.output.forms import Form, form_option, write_document
from reckoner.cli.output.progress import progress_shown
from reckoner.cli.service.connection import connected
from reckoner.cli.service.settings import url_option
from reckoner.cli.waiting.options import calculation_argument, timeout_option
from reckoner.cli.waiting.time_limit import last_look_included, time_limit
from reckoner.cli.waiting.waiting import exit_if_unsuccessful, wait_until_final


@click.command("wait")
@calculation_argument
@timeout_option
@form_option()
@url_option
def command(identity: str, timeout: float | None, form: Form, url: str | None) -> None:
    r"""Wait until the calculation ID is finished, and show it.

    The exit status says how it ended: 0, it succeeded; 1, it failed; 6, it was cancelled; 124, it
    is not finished yet after --timeout seconds. Ctrl-C ends the waiting and not the calculation.

    \b
    Examples:
      reckoner wait ffcfeb02-09f4-5c06-889e-7cd5cd61b456
      reckoner wait ffcfeb02-09f4-5c06-889e-7cd5cd61b456 --timeout 60 -o json
    """
    with time_limit(last_look_included(timeout)):
        with connected(url) as client:
            calculation = client.get(identity)
        if not calculation.is_final:
            with connected(url, is_patient=True) as client, progress_shown() as on_progress:
                calculation = wait_until_final(client, calculation, timeout, on_progress)
    write_document(calculation.document, form, lambda: calculation_text(calculation.document))
    exit_if_unsuccessful(calculation)
