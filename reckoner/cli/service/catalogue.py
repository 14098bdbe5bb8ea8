"""A function by its name."""

from typing import TYPE_CHECKING

from reckoner.cli.exit_status import CommandFailed, ExitStatus

if TYPE_CHECKING:
    from reckoner.client import Client, Function


def find_function(client: "Client", name: str) -> "Function":
    """Return a function. Raises CommandFailed if there is none of this name."""
    from reckoner.client import NotFound

    try:
        return client.function(name)
    except NotFound as error:
        if error.problem.name != "route-not-found":
            raise
    found = {function.name: function for function in client.functions()}
    if name not in found:
        raise CommandFailed(
            f"There is no function {name}. Use one of: {', '.join(found)}.", ExitStatus.NOT_FOUND
        )
    return found[name]
