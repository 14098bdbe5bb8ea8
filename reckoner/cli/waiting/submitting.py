"""Submitting one calculation, and what is said if nobody waits for the answer any more."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from reckoner.cli.arguments.given import GivenArguments
from reckoner.cli.arguments.options import bind
from reckoner.cli.waiting.time_limit import NotInTime

if TYPE_CHECKING:
    from reckoner.client import Calculation, Client


def submit(client: "Client", function: str, given: GivenArguments) -> "Calculation":
    """Submit a calculation. Raises the client's errors.

    After Ctrl-C or at the limit of time, the service may have it nevertheless: its id is told.
    """
    arguments = bind(client, function, given)
    # Only then is the schema known, and the id without a request.
    is_known = bool(given.texts)
    try:
        return client.submit(function, arguments)
    except (KeyboardInterrupt, NotInTime):
        _tell_what_may_be(_id_of(client, function, arguments) if is_known else None)
        raise


def _id_of(client: "Client", function: str, arguments: Mapping[str, Any]) -> str | None:
    try:
        return str(client.calculation_id(function, arguments))
    except (ValueError, TypeError):  # the service would have refused these
        return None


def _tell_what_may_be(identity: str | None) -> None:
    how = (
        "`reckoner list` shows it then."
        if identity is None
        else f"`reckoner get {identity}` shows it then, `reckoner cancel {identity}` cancels it."
    )
    click.echo(f"\nThe calculation may have been submitted nevertheless: {how}", err=True)
