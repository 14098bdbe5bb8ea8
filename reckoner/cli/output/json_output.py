"""Documents as JSON: members in their order, integers exact, ASCII in every locale.

Arguments and values are spelled canonically, so they are the text of which an id is made.
"""

from collections.abc import Mapping
from typing import Any

from reckoner.canonical_json import canonical_json

#: Whose members are not put on lines of their own, however many there are.
_ON_ONE_LINE = frozenset({"arguments", "value", "default"})

_DEEPEST = 8


def json_line(document: Mapping[str, Any]) -> str:
    """Return a document as one line."""
    members = (f"{canonical_json(name)}:{canonical_json(document[name])}" for name in document)
    return f"{{{','.join(members)}}}"


def json_lines(value: Any, *, margin: str = "", is_flat: bool = False, depth: int = 0) -> str:
    """Return a value on lines that people can read."""
    if is_flat or depth > _DEEPEST or not value or not isinstance(value, (Mapping, list)):
        return canonical_json(value)
    inner = f"{margin}  "
    if isinstance(value, list):
        if not any(isinstance(one, (Mapping, list)) for one in value):
            return canonical_json(value)
        items = [json_lines(one, margin=inner, depth=depth + 1) for one in value]
        return _block("[", "]", items, margin)
    members = [
        f"{canonical_json(name)}: "
        + json_lines(
            one,
            margin=inner,
            is_flat=name in _ON_ONE_LINE and not _is_schema(one),
            depth=depth + 1,
        )
        for name, one in value.items()
    ]
    return _block("{", "}", members, margin)


def _is_schema(value: object) -> bool:
    """Say whether the arguments are those of a function, and not of a calculation."""
    return isinstance(value, Mapping) and "properties" in value


def _block(opening: str, closing: str, parts: list[str], margin: str) -> str:
    inside = ",\n".join(f"{margin}  {part}" for part in parts)
    return f"{opening}\n{inside}\n{margin}{closing}"
