"""JSON results: from what a function returned to its canonical text, or why there is none."""

from __future__ import annotations

from typing import Any

from reckoner.authoring.canonical_json import canonical_json
from reckoner.authoring.errors import FunctionInvalid, ResultUnusable


class JsonResults:
    """Encodes the JSON results of one function, as its return annotation declares them."""

    def __init__(self, annotation: Any) -> None:
        from pydantic import TypeAdapter

        try:
            self._adapter = TypeAdapter(annotation)
        except Exception as error:
            raise FunctionInvalid(
                f"Results of the type {annotation!r:.100} cannot be written as JSON; return "
                "dicts, lists, numbers and text, or a dataclass of them."
            ) from error

    def encode(self, value: object) -> bytes:
        """Return the canonical JSON. Raises ResultUnusable, whose text says what is wrong."""
        try:
            plain = self._adapter.dump_python(value, mode="json", warnings="error")
            return canonical_json(plain).encode("ascii")
        except (TypeError, ValueError) as error:
            raise ResultUnusable(str(error)) from error
