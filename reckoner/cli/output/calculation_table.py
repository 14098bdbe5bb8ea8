"""Many calculations as people read them: a table on a terminal, else lines with tabs."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from reckoner.canonical_json import canonical_json
from reckoner.cli.output.forms import write
from reckoner.cli.output.printable import one_line
from reckoner.cli.output.quantities import moment_text
from reckoner.cli.output.terminal import columns, has_colours, with_colour

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_Document = Mapping[str, Any]

#: A terminal that is narrower has two lines for each calculation.
_TABLE_COLUMNS = 100

_COLUMNS = (("ID", 36), ("STATUS", 9), ("LANE", 5), ("CREATED", 23))

#: Rows of a table that is written at once; a longer list is several tables.
_ROWS = 50

_SHOWN_ARGUMENTS = 200


def write_calculations(documents: Iterable[_Document]) -> None:
    """Write calculations as they come, and keep no more than a page of them."""
    if not sys.stdout.isatty():
        for document in documents:
            write("\t".join(_cells(document)) + "\n")
    elif columns() < _TABLE_COLUMNS:
        for document in documents:
            write(narrow_text(document))
    else:
        for page in _pages(documents):
            console_on_stdout().print(_table_of(page))


def view_of(documents: Iterable[_Document]) -> "Table | Text":
    """Return what rich shows of calculations that are watched: a table, if there is room."""
    from rich.text import Text

    if columns() < _TABLE_COLUMNS:
        return Text.from_ansi("".join(map(narrow_text, documents)).rstrip("\n"))
    return _table_of(documents)


def _table_of(documents: Iterable[_Document]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name, width in _COLUMNS:
        table.add_column(name, width=width, no_wrap=True)
    # Cut here: rich would take the room from all columns, and cut the ids.
    rest = columns() - sum(width + 2 for _, width in _COLUMNS) - 2
    table.add_column("CALCULATION", width=rest, no_wrap=True)
    for document in documents:
        identity, status, lane, created, function, arguments = _cells(document)
        state = Text.from_ansi(with_colour(status))
        calculation = Text(one_line(f"{function} {arguments}", rest))
        table.add_row(identity, state, lane, created, calculation)
    return table


def narrow_text(document: _Document) -> str:
    """Return a calculation on lines of at most the terminal's width, an id wherever it fits."""
    identity, status, _, _, function, arguments = _cells(document)
    rest = one_line(f"{function} {arguments}", max(1, columns() - len(status) - 3))
    return f"{identity}\n  {with_colour(status)} {rest}\n"


def console_on_stdout() -> "Console":
    """Return rich's console for standard output; with NO_COLOR it has no colours."""
    from rich.console import Console

    return Console(no_color=not has_colours(sys.stdout), highlight=False)


def _pages(documents: Iterable[_Document]) -> Iterator[list[_Document]]:
    remaining = iter(documents)
    while page := list(islice(remaining, _ROWS)):
        yield page


def _cells(document: _Document) -> tuple[str, ...]:
    return (
        document["id"],
        one_line(document["status"], _SHOWN_ARGUMENTS),
        one_line(document["lane"], _SHOWN_ARGUMENTS),
        moment_text(document["created_at"]),
        one_line(document["function"], _SHOWN_ARGUMENTS),
        one_line(canonical_json(document["arguments"]), _SHOWN_ARGUMENTS),
    )
