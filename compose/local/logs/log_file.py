"""The file in which `make up` keeps the log lines of all processes, with an upper bound."""

import contextlib
import threading
from pathlib import Path
from typing import BinaryIO

#: Of one file. There is at most one older one beside it, so both together hold twice as much.
MAX_BYTES = 16 * 1024 * 1024

_NAME_WIDTH = len("migrations")
_SEPARATOR = " | "


class LogFile:
    """A file to which lines are appended, each with the name of its process.

    When it is full, it becomes the older one, and what was the older one is deleted.
    """

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = path.open("ab")

    def write(self, name: str, line: str) -> None:
        """Append a line. One that the disk has no room for is lost: nobody may wait for a log."""
        text = f"{joined(name, line)}\n".encode()
        with self._lock, contextlib.suppress(OSError):
            if self._file.tell() + len(text) > self._max_bytes:
                self._begin_another()
            self._file.write(text)
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        with self._lock, contextlib.suppress(OSError):
            self._file.close()

    def _begin_another(self) -> None:
        self._path.replace(older(self._path))
        self._file.close()
        self._file = self._path.open("ab")


def log_file(state: Path) -> Path:
    """Return the log file of a state folder."""
    return state / "log" / "reckoner.log"


def older(path: Path) -> Path:
    """Return where the lines before those of a log file are."""
    return path.with_name(f"{path.name}.1")


def split(line: str) -> tuple[str, str]:
    """Return the name and the text of a line of the file."""
    name, _, text = line.partition(_SEPARATOR)
    return name.strip(), text


def joined(name: str, text: str) -> str:
    """Return the line of a process as people see it."""
    return f"{name:<{_NAME_WIDTH}}{_SEPARATOR}{text}"
