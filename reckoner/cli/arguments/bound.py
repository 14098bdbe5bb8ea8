"""The arguments of a command line as values, by the schema of their function."""

from collections.abc import Mapping
from typing import Any

from reckoner.cli.arguments.given import GivenArguments
from reckoner.cli.arguments.typed import NotOfType, typed_value
from reckoner.cli.exit_status import refuse

_SHOWN = 60


def with_types(given: GivenArguments, function: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return all arguments as values. Raises CommandFailed for what does not fit the schema.

    Whether they are within bounds, and whether all are there, is the service's to say.
    """
    properties = schema.get("properties", {})
    arguments = dict(given.values)
    for name, text in given.texts.items():
        if name not in properties:
            names = ", ".join(properties) or "none"
            refuse(
                f"{function} has no argument {name}. Its arguments are: {names}; `reckoner "
                f"functions {function}` describes them."
            )
        try:
            arguments[name] = typed_value(text, properties[name], schema)
        except NotOfType as error:
            shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
            refuse(f"{name}={shown} cannot be used: {error}. Correct it.")
    return arguments
