"""What a function's docstring says: in short, at length, and of each argument."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

#: A section on arguments, in the style of Google, numpy or Sphinx.
_SECTION = re.compile(
    r"^\s*(?:(?:Args|Arguments|Parameters|Params)\s*:?\s*$|:param\b)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Docstring:
    """The first paragraph in one line, all but the sections, and a text for each argument."""

    summary: str
    description: str
    arguments: Mapping[str, str]


def read_docstring(implementation: Callable[..., Any]) -> Docstring:
    """Return what the docstring says; empty texts if there is none."""
    text = inspect.getdoc(implementation) or ""
    if not _SECTION.search(text):
        return Docstring(_first_paragraph(text), text, {})
    # Imported when needed: it takes longer than all of this package.
    import docstring_parser

    found = docstring_parser.parse(text)
    description = (found.description or "").strip()
    arguments = {
        one.arg_name: " ".join((one.description or "").split())
        for one in found.params
        if one.description
    }
    return Docstring(_first_paragraph(description), description, arguments)


def _first_paragraph(text: str) -> str:
    return " ".join(text.partition("\n\n")[0].split())
