"""The calculations of a file: each with values, of JSON, or with texts, of cells."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reckoner.cli.arguments.bound import with_types
from reckoner.cli.arguments.given import GivenArguments
from reckoner.cli.arguments.json_text import NotJson, parse_object
from reckoner.cli.batches.source import Source
from reckoner.cli.exit_status import CommandFailed, refuse


@dataclass(frozen=True)
class BatchItem:
    """One calculation, and the place where it stands."""

    place: str
    function: str
    values: dict[str, Any]
    texts: dict[str, str]

    def arguments(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Return its arguments as values. Raises CommandFailed, with the place."""
        if not self.texts:
            return self.values
        try:
            return with_types(GivenArguments(self.values, self.texts), self.function, schema)
        except CommandFailed as failure:
            raise CommandFailed(f"{self.place}: {failure.message}", failure.status) from None


def read_items(source: Source, function: str | None) -> Iterator[BatchItem]:
    """Yield the calculations of a file as it is read. Raises CommandFailed, with the line.

    `function` is that of all of them; without it, each names its own.
    """
    return _rows(source, function) if source.is_csv else _objects(source, function)


def _objects(source: Source, function: str | None) -> Iterator[BatchItem]:
    for number, text in source.lines():
        place = f"{source.name}, line {number}"
        try:
            members = parse_object(text)
        except NotJson as error:
            refuse(f"{place}: it is not valid: {error}.")
        if function is not None:
            yield BatchItem(place, function, members, {})
            continue
        name, arguments = members.get("function"), members.get("arguments", {})
        is_known = members.keys() <= {"function", "arguments"}
        if not is_known or not isinstance(name, str) or not isinstance(arguments, dict):
            refuse(
                f'{place}: it must be {{"function": …, "arguments": {{…}}}}, or the arguments '
                "alone with --function NAME."
            )
        yield BatchItem(place, name, arguments, {})


def _rows(source: Source, function: str | None) -> Iterator[BatchItem]:
    reader = csv.reader((text for _, text in source.lines()), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(source, header, function)
        for cells in reader:
            place = f"{source.name}, line {reader.line_num}"
            if len(cells) != len(header):
                refuse(f"{place}: it has {len(cells)} cells, and the first line has {len(header)}.")
            texts = {name: cell for name, cell in zip(header, cells, strict=True) if cell != ""}
            name = function if function is not None else texts.pop("function", "")
            if not name:
                refuse(f"{place}: the cell `function` is empty.")
            yield BatchItem(place, name, {}, texts)
    except csv.Error as error:
        refuse(f"{source.name}, line {reader.line_num}: it is not valid CSV: {error}.")


def _check_header(source: Source, header: list[str], function: str | None) -> None:
    if not all(header) or len(set(header)) != len(header):
        refuse(f"{source.name}: the first line must have a name for each column, all different.")
    if function is None and "function" not in header:
        refuse(f"{source.name}: it has no column `function`. Add one, or --function NAME.")
