"""Readable lines for a terminal, in colour where it has some."""

import logging
import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from shared.logs.json_lines import EXCEPTION_CHARACTERS
from shared.logs.members import extra_members

#: Of a terminal (ECMA-48).
_DIM, _RESET = "\x1b[2m", "\x1b[0m"
_LEVEL_COLOURS: Mapping[int, str] = MappingProxyType(
    {
        logging.DEBUG: "\x1b[2m",
        logging.INFO: "\x1b[32m",
        logging.WARNING: "\x1b[33m",
        logging.ERROR: "\x1b[31m",
        logging.CRITICAL: "\x1b[1;31m",
    }
)

#: What could control the terminal or hide text: control characters, and those that turn the
#: direction of writing. Messages contain texts of clients and of functions.
_UNSAFE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)

#: Text that needs no quotes among `name=value`.
_PLAIN = re.compile(r"[^\s\"=]+")


class TextFormatter(logging.Formatter):
    """Formats records as local time, level, logger, message, and the members as `name=value`."""

    def __init__(self, *, is_coloured: bool) -> None:
        super().__init__()
        self._is_coloured = is_coloured

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; that of an exception has its traceback below it, indented."""
        moment = datetime.fromtimestamp(record.created).astimezone()
        time = moment.isoformat(" ", "milliseconds")[11:23]
        level = self._coloured(f"{record.levelname:<8}", _LEVEL_COLOURS.get(record.levelno, ""))
        members = "".join(f" {name}={_quoted(value)}" for name, value in extra_members(record))
        line = f"{time} {level} {record.name}: {_in_one_line(record.getMessage())}"
        if members:
            line += self._coloured(members, _DIM)
        if record.exc_info:
            traceback = self.formatException(record.exc_info)[-EXCEPTION_CHARACTERS:]
            line += _safe(f"\n{traceback}").replace("\n", "\n    ")
        return line

    def _coloured(self, text: str, colour: str) -> str:
        return f"{colour}{text}{_RESET}" if self._is_coloured and colour else text


def _quoted(value: object) -> str:
    text = ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    if not _PLAIN.fullmatch(text):
        text = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return _in_one_line(text)


def _in_one_line(text: str) -> str:
    """Return text as one line, so that grep finds it together with its members."""
    return _safe(text).replace("\n", "\\n")


def _safe(text: str) -> str:
    """Return text in which nothing controls the terminal."""
    return _UNSAFE.sub(lambda found: ascii(found[0])[1:-1], text)
