"""The id of a calculation: a UUIDv5 of the function, its version and its arguments' text."""

from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from reckoner.canonical_json import canonical_json
from reckoner.client.identity.arguments import completed
from reckoner.client.values.json_text import plain

#: As docs/reference/calculations.md says it.
NAMESPACE = uuid5(NAMESPACE_URL, "urn:reckoner:calculation")


def calculation_id(
    function: str,
    version: int,
    arguments: Mapping[str, Any],
    schema: Mapping[str, Any] | None = None,
) -> UUID:
    """Return the id that the service gives to a calculation, without asking it.

    With the schema of the function's arguments, defaults are filled in, and numbers, times and
    UUIDs are spelled as it demands. Without, the arguments must be complete and in this spelling,
    as `arguments` of a document are. Raises ValueError for arguments that the schema cannot mean.
    """
    return uuid5(NAMESPACE, f"{function}/{version}/{arguments_text(arguments, schema)}")


def arguments_text(arguments: Mapping[str, Any], schema: Mapping[str, Any] | None = None) -> str:
    """Return the canonical text of arguments."""
    given = plain(arguments)
    return canonical_json(given if schema is None else completed(given, schema))
