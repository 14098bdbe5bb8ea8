"""Logs on standard error: one JSON object in each line, with request and calculation ids."""

import json
import logging
import sys
from datetime import UTC, datetime

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

#: Of a traceback, its end. The text of an author's exception may be of any length.
_EXCEPTION_CHARACTERS = 16_000


class JsonFormatter(logging.Formatter):
    """Formats records as lines of JSON; what is passed as `extra` becomes members."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with the time in UTC as RFC 3339 writes it."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name, value in vars(record).items():
            if name not in _STANDARD and value is not None:
                line[name] = value if isinstance(value, (int, float, str)) else str(value)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)[-_EXCEPTION_CHARACTERS:]
        return json.dumps(line)


def set_up_logs(level: str) -> None:
    """Have all loggers of this process write JSON lines to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # pika logs each lost connection as many errors with tracebacks; our own code logs it once.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
