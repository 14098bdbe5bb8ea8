"""Options and arguments of commands that wait for a calculation."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

import click

from reckoner.cli.waiting.time_limit import checked_seconds

_Command = TypeVar("_Command", bound=Callable[..., None])


def timeout_option(command: _Command) -> _Command:
    """Add `--timeout`."""
    return click.option(
        "--timeout",
        type=float,
        callback=checked_seconds,
        metavar="SECONDS",
        help="Wait no longer, and exit with status 124. The calculation goes on.",
    )(command)


def calculation_argument(command: _Command) -> _Command:
    """Add ID, as the argument `identity`."""
    return click.argument("identity", metavar="ID", callback=_checked)(command)


def check_identity(text: str) -> str:
    """Return the id of a calculation as the service writes it. Raises click.BadParameter."""
    try:
        return str(UUID(text))
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not an id. One looks like ffcfeb02-09f4-5c06-889e-7cd5cd61b456; "
            "`reckoner list` shows them."
        ) from None


def _checked(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    return check_identity(text)
