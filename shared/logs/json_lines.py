"""One JSON object in each line, for machines and for grep."""

import json
import logging
import math
from collections.abc import Mapping
from datetime import UTC, datetime

from shared.logs.members import extra_members

#: Of a traceback, its end. The text of an author's exception may be of any length.
EXCEPTION_CHARACTERS = 16_000


class JsonFormatter(logging.Formatter):
    """Formats records as lines of JSON; what is passed as `extra` becomes members.

    `always` are members of every line, such as the worker's id. A record's own come before them.
    """

    def __init__(self, always: Mapping[str, object] | None = None) -> None:
        super().__init__()
        self._always = {name: _json_value(value) for name, value in (always or {}).items()}

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with the time in UTC as RFC 3339 writes it."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "pid": record.process,  # not in `always`, since gunicorn forks after the set-up
            **self._always,
        }
        for name, value in extra_members(record):
            line[name] = _json_value(value)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)[-EXCEPTION_CHARACTERS:]
        return json.dumps(line)


def _json_value(value: object) -> object:
    """Return it as JSON has it: lists as lists of text, and what JSON does not have as text."""
    if isinstance(value, (int, str)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return list(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
