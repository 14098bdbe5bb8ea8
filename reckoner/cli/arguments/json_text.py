"""JSON that a person has written: exact integers, and nothing that the service would refuse."""

import json
from math import isinf
from typing import Any, NoReturn

from reckoner.cli.arguments.integers import MAX_DIGITS


class NotJson(ValueError):
    """Raised when text is not the JSON that is wanted; the message says why."""


def parse_json(text: str) -> Any:
    """Return the value of a JSON text. Raises NotJson."""
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise NotJson("it is nested too deeply") from None
    except ValueError as error:
        raise NotJson(str(error)) from None


def parse_object(text: str) -> dict[str, Any]:
    """Return the members of a JSON object. Raises NotJson, for other JSON too."""
    value = parse_json(text)
    if not isinstance(value, dict):
        raise NotJson('it is no object, such as {"n": 5}')
    return value


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > MAX_DIGITS:
        raise ValueError(f"an integer has more than {MAX_DIGITS:,} digits")
    return int(text)


def _fraction(text: str) -> float:
    value = float(text)
    if isinf(value):
        raise ValueError(f"{text} is too large for a number")
    return value


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not valid JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member of an object is named twice")
    return members


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_int=_integer,
    parse_float=_fraction,
    parse_constant=_constant,
)
