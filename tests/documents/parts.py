"""A part of a page that is made by a program: it stands between two marks."""

import re
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]


def part_of(page: Path, name: str) -> str:
    """Return what stands between the marks of this name."""
    return _pattern(name).search(page.read_text())[2]  # type: ignore[index] # the page has them


def write_part(page: Path, name: str, text: str) -> None:
    """Replace what stands between the marks."""
    whole, count = _pattern(name).subn(lambda found: found[1] + text + found[3], page.read_text())
    if count != 1:
        raise LookupError(f"{page} has {count} parts named {name}.")
    page.write_text(whole)


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    lines = [head, *rows]
    written = [f"| {' | '.join(row)} |" for row in lines]
    return "\n".join([written[0], "|---" * len(head) + "|", *written[1:]]) + "\n"


def _pattern(name: str) -> re.Pattern[str]:
    mark = f"<!-- {re.escape(name)}, written by make documents: "
    return re.compile(rf"({mark}begin -->\n)(.*?)({mark}end -->)", re.DOTALL)
