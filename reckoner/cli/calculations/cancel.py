"""`reckoner cancel`: by ids, or many at once by what they have in common."""

import sys
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from reckoner.cli.exit_status import CommandFailed, ExitStatus
from reckoner.cli.output.forms import Form, Series, form_option, write, write_document
from reckoner.cli.selection.conditions import condition_options, described, given_conditions
from reckoner.cli.service.connection import connected
from reckoner.cli.service.settings import url_option
from reckoner.cli.waiting.options import check_identity
from reckoner.cli.waiting.time_limit import time_limit_option

if TYPE_CHECKING:
    from uuid import UUID

    from reckoner.client import Client

#: As many are counted before the question is asked.
_COUNTED = 100


@click.command("cancel")
@click.argument("identities", nargs=-1, metavar="[ID]...")
@condition_options(("queued", "running"))
@click.option("--submitted-by", metavar="KEY", help="Only those submitted by this key (its name).")
@click.option("--yes", is_flag=True, help="Do not ask.")
@form_option()
@time_limit_option
@url_option
def command(
    identities: tuple[str, ...],
    status: str | None,
    function: str | None,
    lane: str | None,
    created_after: datetime | None,
    created_before: datetime | None,
    submitted_by: str | None,
    yes: bool,
    form: Form,
    url: str | None,
) -> None:
    r"""Cancel the calculations with these IDs, or all unfinished ones that meet conditions.

    A calculation belongs to everyone who has submitted it, so a cancel is for all of them. With
    conditions it asks first; without a terminal, --yes must be there.

    \b
    Examples:
      reckoner cancel ffcfeb02-09f4-5c06-889e-7cd5cd61b456
      reckoner cancel --status queued --function fibonacci
      reckoner cancel --submitted-by nightly --yes
    """
    conditions = given_conditions(
        status=status,
        function=function,
        lane=lane,
        created_after=created_after,
        created_before=created_before,
        submitted_by=submitted_by,
    )
    if bool(identities) == bool(conditions):
        raise click.UsageError("Give either IDs or conditions, such as --status queued.")
    identities = tuple(map(check_identity, identities))
    with connected(url) as client:
        if identities:
            _cancel_each(client, identities, form)
            return
        cancelled = cancelling = 0
        if yes or _is_wanted(client, conditions):
            done = client.cancel_many(**conditions)
            cancelled, cancelling = done.cancelled, done.cancelling
    write_document(
        {"cancelled": cancelled, "cancelling": cancelling},
        form,
        lambda: f"{cancelled:,} cancelled, {cancelling:,} running ones being stopped\n",
    )


def _cancel_each(client: "Client", identities: tuple[str, ...], form: Form) -> None:
    """Cancel them in turn. Raises the first failure, once all were tried that can be."""
    from reckoner.cli.service.problems import problems_described

    failures: list[CommandFailed] = []
    series = Series(form)
    for identity in identities:
        try:
            with problems_described():
                calculation = client.cancel(identity)
        except CommandFailed as failure:
            failures.append(CommandFailed(f"{identity}: {failure.message}", failure.status))
            if failure.status in (ExitStatus.UNREACHABLE, ExitStatus.TIMED_OUT):
                break  # it would be no different for the others
            continue
        if form is Form.TEXT:
            write(f"{identity} {'cancelled' if calculation.is_final else 'is being stopped'}\n")
        else:
            series.add(calculation.document)
    series.end()
    for further in failures[1:]:
        click.echo(further.message, err=True)
    if failures:
        raise failures[0]


def _is_wanted(client: "Client", conditions: dict[str, Any]) -> bool:
    """Ask whether to cancel what meets the conditions, if there is any. Raises CommandFailed."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError("There is no terminal to ask at. Add --yes to cancel them.")
    count = _count(client, conditions)
    if count == 0:
        return False
    if not click.confirm(f"Cancel {_words(count)} {described(conditions)}?", err=True):
        raise CommandFailed("Nothing was cancelled.", ExitStatus.FAILED)
    return True


def _count(client: "Client", conditions: dict[str, Any]) -> int | None:
    """Return how many there are, at most _COUNTED; None if the list cannot tell."""
    if "submitted_by" in conditions:
        return None
    statuses = [conditions["status"]] if "status" in conditions else ["queued", "running"]
    ids: set[UUID] = set()  # one that begins to run in between is in both lists
    for status in statuses:
        found = client.list(**{**conditions, "status": status}, page_size=_COUNTED)
        ids.update(calculation.id for calculation in islice(found, _COUNTED))
    return min(_COUNTED, len(ids))


def _words(count: int | None) -> str:
    if count is None:
        return "all unfinished calculations"
    if count == _COUNTED:
        return f"{_COUNTED} or more calculations"
    return f"{count} calculation{'' if count == 1 else 's'}"
