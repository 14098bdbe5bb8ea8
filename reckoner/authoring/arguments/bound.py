"""The arguments of a calculation, once they are known to be valid."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class BoundArguments(NamedTuple):
    """Valid arguments: the values that the function gets, and the canonical text of them.

    The text is made once, when they are bound. It is stored, sent to the workers and shown as it
    is, and the calculation's id is made of it.
    """

    values: Mapping[str, Any]
    text: str
