"""The file of a batch: what it is, and its lines, of which each has a limit."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from reckoner.cli.exit_status import refuse

FORMATS = ("csv", "ndjson")

_SUFFIXES = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}

#: More than a request may have, so that what is too long is the service's to say.
_MAX_LINE_BYTES = 1_000_000


@dataclass(frozen=True)
class Source:
    """An open file of a batch; `name` is for messages."""

    name: str
    is_csv: bool
    file: BinaryIO

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield the number and the text of each line. Raises CommandFailed if one is too long."""
        number = 0
        while line := self.file.readline(_MAX_LINE_BYTES):
            number += 1
            if len(line) == _MAX_LINE_BYTES:
                refuse(f"{self.name}, line {number}: it is longer than a calculation may be.")
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                refuse(f"{self.name}, line {number}: it is not text in UTF-8.")
            yield number, text


@contextmanager
def opened(file: str, kind: str | None) -> Iterator[Source]:
    """Open the file of a batch, `-` being standard input. Raises CommandFailed."""
    if kind is None:
        kind = "ndjson" if file == "-" else _SUFFIXES.get(Path(file).suffix.lower())
    if kind is None:
        refuse(f"What {file} is cannot be seen from its name. Add --format csv or ndjson.")
    with ExitStack() as stack:
        if file == "-":
            source = Source("standard input", kind == "csv", sys.stdin.buffer)
        else:
            try:
                source = Source(file, kind == "csv", stack.enter_context(Path(file).open("rb")))
            except OSError as error:
                refuse(f"{file} cannot be read: {error.strerror}.")
        yield source
