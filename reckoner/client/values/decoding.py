"""A result's bytes as a value of Python, by its kind."""

from typing import Any

from reckoner.client.documents.calculation import Result
from reckoner.client.values.digits import integer_from
from reckoner.client.values.json_text import read_json


def decode(result: Result, data: bytes) -> Any:
    """Return the value of a result: int for digits, str for text, bytes, or what JSON stands for.

    The head of a text stands in its document, as that of digits; other bytes have none.
    """
    if result.digits is not None:
        return integer_from(data.decode("ascii"))
    if result.head is not None:
        return data.decode()
    return read_json(data) if result.media_type == "application/json" else data


def decode_value(result: Result) -> Any:
    """Return the value that stands in the document, or None if none does."""
    if result.digits is not None and result.value is not None:
        return integer_from(result.value)
    return result.value
