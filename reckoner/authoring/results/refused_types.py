"""Types of results that no JSON has, and that are refused when a function is registered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reckoner.authoring.annotations import Walk
from reckoner.authoring.errors import FunctionInvalid


def check_result(schema: Mapping[str, Any]) -> None:
    """Raise FunctionInvalid if no JSON result can have this type; `schema` is pydantic's."""
    _ResultCheck().visit(schema)


class _ResultCheck(Walk):
    """Of a result little is refused: it is only written, and what it holds is checked each time."""

    def check(self, kind: str, schema: Mapping[str, Any]) -> None:  # noqa: ARG002
        if kind in ("set", "frozenset"):
            raise FunctionInvalid(
                "Its result holds a set, which has no order; return a list, such as sorted(…)."
            )
        if kind == "bytes":
            raise FunctionInvalid(
                "Its result holds bytes, which JSON does not have; return text, or bytes alone."
            )
        if kind == "timedelta":
            raise FunctionInvalid(
                "Its result holds a timedelta, which JSON does not have; return seconds."
            )
