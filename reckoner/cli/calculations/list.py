"""`reckoner list`: calculations, newest first."""

from datetime import datetime
from itertools import islice

import click

from reckoner.cli.output.calculation_table import write_calculations
from reckoner.cli.output.forms import Form, Series, form_option
from reckoner.cli.selection.conditions import STATUSES, condition_options, given_conditions
from reckoner.cli.service.connection import connected
from reckoner.cli.service.settings import url_option
from reckoner.cli.waiting.time_limit import time_limit_option

_DEFAULT_LIMIT = 20

#: The most that one page has.
_PAGE = 1000


@click.command("list")
@condition_options(STATUSES)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=_DEFAULT_LIMIT,
    show_default=True,
    help="How many at most.",
)
@click.option("--all", "is_all", is_flag=True, help="All of them, however many there are.")
@form_option()
@time_limit_option
@url_option
def command(
    status: str | None,
    function: str | None,
    lane: str | None,
    created_after: datetime | None,
    created_before: datetime | None,
    limit: int,
    is_all: bool,
    form: Form,
    url: str | None,
) -> None:
    r"""List calculations, newest first.

    On a terminal it is a table. Elsewhere it is a line for each: id, status, lane, time of
    creation, function and arguments, with tabs between them. -o jsonl has whole documents.

    \b
    Examples:
      reckoner list --status failed
      reckoner list --function fibonacci --created-after 2026-11-26 --all -o jsonl
    """
    conditions = given_conditions(
        status=status,
        function=function,
        lane=lane,
        created_after=created_after,
        created_before=created_before,
    )
    most = None if is_all else limit
    with connected(url) as client:
        found = islice(client.list(**conditions, page_size=min(most or _PAGE, _PAGE)), most)
        if form is Form.TEXT:
            write_calculations(calculation.document for calculation in found)
            return
        series = Series(form)
        for calculation in found:
            series.add(calculation.document)
        series.end()
