"""`reckoner batch`: calculate all that a file lists; results in the order of the file."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from reckoner.cli.batches.items import BatchItem, read_items
from reckoner.cli.batches.progress import counting
from reckoner.cli.batches.source import FORMATS, opened
from reckoner.cli.exit_status import CommandFailed, ExitStatus
from reckoner.cli.output.calculation_text import calculation_line
from reckoner.cli.output.forms import Form, Series, form_option, write
from reckoner.cli.output.printable import one_line
from reckoner.cli.service.connection import connected
from reckoner.cli.service.settings import url_option
from reckoner.cli.waiting.options import timeout_option
from reckoner.cli.waiting.time_limit import last_look_included, time_limit


@click.command("batch")
@click.argument("file")
@click.option("--function", metavar="NAME", help="What to calculate, where the file does not say.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(FORMATS),
    help="What FILE is, where its name does not end with .csv, .ndjson or .jsonl; ndjson for `-`.",
)
@timeout_option
@form_option(Form.JSONL)
@url_option
def command(
    file: str,
    function: str | None,
    kind: str | None,
    timeout: float | None,
    form: Form,
    url: str | None,
) -> None:
    r"""Calculate all that FILE lists, and write a document for each, in the order of the file.

    Each line of NDJSON is {"function": …, "arguments": {…}}, or with --function the arguments
    alone. The first line of CSV names the arguments, and a column `function` unless --function is
    given; cells are read as NAME=VALUE of `reckoner run` is, and an empty one leaves the argument
    out. `-` is standard input.

    It submits up to 10,000 at a time, which are submitted all or none, and remembers no more than
    that. The exit status is 1 if any has failed, and otherwise 6 if any was cancelled.

    \b
    Examples:
      reckoner batch numbers.csv --function fibonacci
      reckoner batch calculations.ndjson -o jsonl >results.ndjson
      seq 100 | jq -c '{n: .}' | reckoner batch - --function fibonacci
    """
    ended = {"failed": 0, "cancelled": 0}
    limit = last_look_included(timeout)
    with time_limit(limit), connected(url) as client:
        schemas = {one.name: one.schema for one in client.functions()}
    with (
        time_limit(limit),
        opened(file, kind) as source,
        connected(url, is_patient=True) as client,
    ):
        items = _bound(read_items(source, function), schemas)
        series = Series(form)
        with counting() as count:
            for calculation in client.batch(items, timeout=timeout):
                if form is Form.TEXT:
                    write(calculation_line(calculation.document))
                else:
                    series.add(calculation.document)
                if calculation.status in ended:
                    ended[calculation.status] += 1
                count()
        series.end()
    if any(ended.values()):
        status = ExitStatus.FAILED if ended["failed"] else ExitStatus.CANCELLED
        words = ", ".join(f"{number:,} {name}" for name, number in ended.items() if number)
        raise CommandFailed(f"Not all have succeeded: {words}.", status)


def _bound(
    items: Iterator[BatchItem], schemas: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield functions and arguments, cells with the types that their function's schema says."""
    for item in items:
        if item.texts and item.function not in schemas:
            raise CommandFailed(
                f"{item.place}: there is no function {one_line(item.function, 80)}. "
                "`reckoner functions` lists them.",
                ExitStatus.NOT_FOUND,
            )
        yield item.function, item.arguments(schemas.get(item.function, {}))
