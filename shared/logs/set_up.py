"""Has a process write its log: in which form, to standard error, and whatever ends it."""

import logging
import os
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import TextIO

from shared.logs.json_lines import JsonFormatter
from shared.logs.text_lines import TextFormatter

_logger = logging.getLogger(__name__)


def set_up_logs(
    level: str, log_format: str = "json", always: Mapping[str, object] | None = None
) -> None:
    """Have all loggers of this process write to standard error.

    `log_format` is `json`, `text`, or `auto`: text on a terminal, otherwise JSON. `always` are
    members of every line of JSON.
    """
    handler = _Handler(sys.stderr)
    is_text = log_format == "text" or (log_format == "auto" and sys.stderr.isatty())
    handler.setFormatter(
        TextFormatter(is_coloured=_has_colours(sys.stderr)) if is_text else JsonFormatter(always)
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # pika logs each lost connection as many errors with tracebacks; our own code logs it once.
    logging.getLogger("pika").setLevel(logging.CRITICAL)


def log_what_ends_threads() -> None:
    """Log what no code of a thread has handled, which Python would print over several lines."""
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    logging.captureWarnings(True)


class _Handler(logging.StreamHandler[TextIO]):
    """Writes lines; for a record that cannot be formatted, one that says where it is from.

    Functions log too. Python would print such a record over several lines, with its arguments.
    """

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Write that line, unless nothing can be written."""
        error = sys.exc_info()[1]
        instead = logging.makeLogRecord(
            {
                "name": record.name,
                "levelno": logging.ERROR,
                "levelname": "ERROR",
                "msg": "A line of the log cannot be formatted, from %s:%d: %s",
                "args": (record.pathname, record.lineno, type(error).__name__),
            }
        )
        with suppress(Exception):
            self.stream.write(self.format(instead) + self.terminator)
            self.flush()


def _has_colours(stream: TextIO) -> bool:
    """Say whether to write in colour (no-color.org, force-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty() or bool(os.environ.get("FORCE_COLOR"))


def _log_uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    _logger.critical("This process ends by a bug", exc_info=(kind, error, traceback))


def _log_uncaught_in_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is None or issubclass(ended.exc_type, SystemExit):
        return
    name = ended.thread.name if ended.thread else "unknown"
    error = (ended.exc_type, ended.exc_value, ended.exc_traceback)
    _logger.critical("The thread %s ended by a bug", name, exc_info=error)
