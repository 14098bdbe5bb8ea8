"""`reckoner watch`: one calculation until it is finished, or the newest while they change."""

import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from math import inf
from typing import TYPE_CHECKING, Any

import click

from reckoner.cli.exit_status import CommandFailed, ExitStatus
from reckoner.cli.output.calculation_table import console_on_stdout, view_of
from reckoner.cli.output.calculation_text import calculation_line
from reckoner.cli.output.forms import Form, form_option, write_document
from reckoner.cli.selection.conditions import STATUSES, condition_options, given_conditions
from reckoner.cli.service.connection import connected
from reckoner.cli.service.settings import url_option
from reckoner.cli.waiting.options import check_identity, timeout_option
from reckoner.cli.waiting.time_limit import last_look_included, time_limit
from reckoner.cli.waiting.waiting import exit_if_unsuccessful

if TYPE_CHECKING:
    from reckoner.client import Client

_SHOWN = 20
_PAUSE_SECONDS = 1.0


@click.command("watch")
@click.argument("identity", metavar="[ID]", required=False)
@condition_options(STATUSES)
@timeout_option
@form_option()
@url_option
def command(
    identity: str | None,
    status: str | None,
    function: str | None,
    lane: str | None,
    created_after: datetime | None,
    created_before: datetime | None,
    timeout: float | None,
    form: Form,
    url: str | None,
) -> None:
    r"""Show the calculation ID at every change until it is finished.

    Without an ID, the newest calculations: on a terminal as a table that follows them, elsewhere
    each that is new or has changed, until Ctrl-C. -o jsonl writes whole documents, a line each; so
    does -o json, as a list would never end.

    \b
    Examples:
      reckoner watch ffcfeb02-09f4-5c06-889e-7cd5cd61b456
      reckoner watch --status running
      reckoner watch -o jsonl --function fibonacci
    """
    conditions = given_conditions(
        status=status,
        function=function,
        lane=lane,
        created_after=created_after,
        created_before=created_before,
    )
    if identity is not None and conditions:
        raise click.UsageError("Give either an ID or conditions.")
    if identity is not None:
        with time_limit(last_look_included(timeout)):
            _watch_one(check_identity(identity), timeout, form, url)
        return
    with time_limit(last_look_included(timeout)):
        _watch_newest(conditions, timeout, form, url)


def _watch_newest(
    conditions: Mapping[str, Any], timeout: float | None, form: Form, url: str | None
) -> None:
    with connected(url) as client:
        next(client.list(**conditions, page_size=1), None)  # fails soon, if at all
    with connected(url, is_patient=True) as client:
        looks = _looks(client, conditions, timeout)
        if sys.stdout.isatty() and form is Form.TEXT:
            _watch_table(looks)
        else:
            _watch_changes(looks, form)


def _watch_one(identity: str, timeout: float | None, form: Form, url: str | None) -> None:
    changes = _Changes(form)
    with connected(url) as client:
        first = client.get(identity)
        changes.show(first.document)
    latest = first
    if not first.is_final:
        with connected(url, is_patient=True) as client:
            for latest in client.events(identity, timeout=timeout):
                changes.show(latest.document)
    exit_if_unsuccessful(latest)


def _looks(
    client: "Client", conditions: Mapping[str, Any], timeout: float | None
) -> Iterator[list[Mapping[str, Any]]]:
    """Yield the newest documents again and again. Raises CommandFailed after the timeout."""
    end = inf if timeout is None else time.monotonic() + timeout
    while True:
        found = islice(client.list(**conditions, page_size=_SHOWN), _SHOWN)
        yield [calculation.document for calculation in found]
        if time.monotonic() + _PAUSE_SECONDS > end:
            raise CommandFailed(f"Watched for {timeout:g} s.", ExitStatus.TIMED_OUT)
        time.sleep(_PAUSE_SECONDS)


def _watch_table(looks: Iterable[list[Mapping[str, Any]]]) -> None:
    from rich.live import Live

    with Live(console=console_on_stdout(), transient=False, auto_refresh=False) as live:
        for documents in looks:
            live.update(view_of(documents), refresh=True)


def _watch_changes(looks: Iterable[list[Mapping[str, Any]]], form: Form) -> None:
    changes = _Changes(form)
    for documents in looks:
        for document in reversed(documents):
            changes.show(document)
        changes.forget_all_but(document["id"] for document in documents)


class _Changes:
    """Writes a calculation whenever it is not what it was."""

    def __init__(self, form: Form) -> None:
        self._form = form if form is Form.TEXT else Form.JSONL
        self._shown: dict[str, Mapping[str, Any]] = {}

    def show(self, document: Mapping[str, Any]) -> None:
        if self._shown.get(document["id"]) == document:
            return
        self._shown[document["id"]] = document
        write_document(document, self._form, lambda: calculation_line(document))

    def forget_all_but(self, identities: Iterable[str]) -> None:
        """Keep what is shown now, so that what is remembered does not grow."""
        kept = set(identities)
        self._shown = {name: one for name, one in self._shown.items() if name in kept}
