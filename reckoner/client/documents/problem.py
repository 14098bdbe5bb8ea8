"""Problem documents (RFC 9457): what is wrong, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_PREFIX = "urn:reckoner:problem:"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a request: a JSON pointer into it, or the name of a parameter."""

    pointer: str
    detail: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is no answer or no result. `document` has all members, as they came."""

    type: str
    title: str
    status: int | None
    detail: str
    errors: tuple[Fault, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """The end of the type, such as `invalid-arguments`."""
        return self.type.removeprefix(_PREFIX)


def problem_from(document: Mapping[str, Any]) -> Problem:
    """Return the problem of a document, whatever members it lacks."""
    status, errors = document.get("status"), document.get("errors")
    title = str(document.get("title") or "Problem")
    return Problem(
        type=str(document.get("type") or "about:blank"),
        title=title,
        status=status if isinstance(status, int) else None,
        detail=str(document.get("detail") or title),
        errors=tuple(
            Fault(str(one.get("pointer", "")), str(one.get("detail", "")))
            for one in (errors if isinstance(errors, list) else ())
            if isinstance(one, dict)
        ),
        document=document,
    )
