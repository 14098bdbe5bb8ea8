"""JSON with integers of any size, both ways."""

import json
from datetime import date, datetime
from typing import Any
from uuid import UUID

from reckoner.client.values.digits import integer_from


def read_json(text: str | bytes) -> Any:
    """Return what a JSON text stands for.

    Raises ValueError, and RecursionError if it is nested too deeply.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:  # an integer of more than 4,300 digits, which CPython refuses
        return json.loads(text, parse_int=integer_from)


def write_json(value: object) -> str:
    """Return arguments as JSON. Times, dates and UUIDs become text.

    Raises TypeError for what is no JSON, and ValueError for NaN, infinities, what contains itself
    and integers of more than 4,300 digits.
    """
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False, default=_as_text)
    except ValueError as error:
        if "integer string conversion" not in str(error):
            raise
        raise ValueError(
            "An integer has too many digits to be sent as a number. Give its digits as text."
        ) from None


def plain(value: object) -> Any:
    """Return what the service will read of these arguments."""
    return read_json(write_json(value))


def _as_text(value: object) -> str:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"A value of type {type(value).__name__} cannot be an argument.")
