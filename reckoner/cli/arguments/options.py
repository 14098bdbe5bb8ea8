"""The function and the arguments on a command line, and what they stand for."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reckoner.cli.arguments.bound import with_types
from reckoner.cli.arguments.given import GivenArguments

if TYPE_CHECKING:
    from reckoner.client import Client

_Command = TypeVar("_Command", bound=Callable[..., None])


def function_and_arguments(command: _Command) -> _Command:
    """Add FUNCTION, NAME=VALUE… and `--arguments-file`: `function`, `arguments`, `file`."""
    decorators = (
        click.argument("function"),
        click.argument("arguments", nargs=-1, metavar="[NAME=VALUE]..."),
        click.option(
            "--arguments-file",
            "file",
            metavar="FILE",
            help="Read arguments from this file, a JSON object; `-` is standard input.",
        ),
    )
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def bind(client: "Client", function: str, given: GivenArguments) -> dict[str, Any]:
    """Return the arguments as values. Only texts need the schema, and so a request."""
    if not given.texts:
        return given.values
    return with_types(given, function, client.function(function).schema)
