"""What a relay reports of its health: a row for everybody, and a file for `--check` on its host.

The process holds a lock on its file. So the file of a process that has died is recognised, even if
another process has its id now. Times are those of the monotonic clock, which is
the same for all processes of a host and is never set.
"""

import fcntl
import json
import logging
import os
import socket
import stat
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine

from shared.calculation import Lane
from shared.postgres.outages import DATABASE_ERRORS, brief
from shared.store.presence import delete_relay, upsert_relay

#: A relay that has not worked for this long is unhealthy. It ends itself somewhat later.
_UNHEALTHY_SECONDS = 45.0

#: The file has a fixed length, so that a short text leaves nothing of a longer one before it.
_LENGTH_BYTES = 4096
_MAX_CHARACTERS = 500

_logger = logging.getLogger("gateway.relay")


class Health:
    """Reports the health of this process; `engine` is in autocommit."""

    def __init__(self, engine: Engine, file: "HealthFile | None") -> None:
        self._engine = engine
        self._file = file
        self._id = uuid4()

    def report(self, lane_problems: Mapping[Lane, str], other_problem: str | None) -> None:
        """Write the row and the file: what is wrong with each lane, and with the rest of the relay.

        Raises what SQLAlchemy raises; the file is left as it was then.
        """
        with self._engine.connect() as connection:
            upsert_relay(
                connection,
                self._id,
                host=socket.gethostname(),
                pid=os.getpid(),
                problems=lane_problems,
            )
        self.report_to_file("; ".join(filter(None, [*lane_problems.values(), other_problem])))

    def report_to_file(self, problem: str) -> None:
        """Write the file alone, as without PostgreSQL; no problem is an empty text."""
        if self._file is not None:
            self._file.write(problem or None)

    def remove_row(self) -> None:
        """Remove the row of a relay that stops."""
        try:
            with self._engine.connect() as connection:
                delete_relay(connection, self._id)
        except DATABASE_ERRORS as error:
            _logger.warning(
                "Cannot remove the relay's row, which stays for a minute: %s", brief(error)
            )


def health_folder() -> Path:
    """Return where the files of this user's relays are."""
    return Path(tempfile.gettempdir()) / f"reckoner-relay-{os.getuid()}"


class HealthFile:
    """The file of this process. Raises OSError if it cannot be made."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise PermissionError(f"{folder} is not a folder that belongs to this user")
        for file in folder.glob("*.health"):
            if _read(file) is None:
                file.unlink(missing_ok=True)
        self._path = folder / f"{os.getpid()}.health"
        new = self._path.with_suffix(".new")
        new.unlink(missing_ok=True)
        self._descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        self._healthy_at: float | None = None
        self.write("It has just started.")
        new.replace(self._path)

    def write(self, problem: str | None) -> None:
        """Write that the relay works now, or why it does not."""
        if problem is None:
            self._healthy_at = time.monotonic()
        text = problem and problem[:_MAX_CHARACTERS]
        content = json.dumps({"healthy_at": self._healthy_at, "problem": text}).encode()
        os.pwrite(self._descriptor, content.ljust(_LENGTH_BYTES), 0)

    def close(self) -> None:
        """Remove the file."""
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def find_faults(folder: Path, pid: int | None = None) -> list[str]:
    """Return what is wrong with this user's relays on this host, or with one of them.

    It is a fault as well if there is none.
    """
    faults = []
    running = 0
    for file in sorted(folder.glob(f"{pid or '*'}.health")):
        content = _read(file)
        if content is not None:
            running += 1
            fault = _fault(content)
            if fault is not None:
                faults.append(f"The relay {file.stem} {fault}")
    if not running:
        faults.append(f"No relay runs here{f' with the id {pid}' if pid else ''}.")
    return faults


def _read(file: Path) -> bytes | None:
    """Return the content of a relay's file; None if its process has ended."""
    try:
        with file.open("rb") as opened:
            try:
                fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return opened.read()
    except FileNotFoundError:
        pass
    return None


def _fault(content: bytes) -> str | None:
    try:
        members = json.loads(content)
        healthy_at, problem = members["healthy_at"], members["problem"]
    except (ValueError, KeyError):
        return "has a file that cannot be read."
    silent_seconds = time.monotonic() - (healthy_at or 0.0)
    if healthy_at is not None and silent_seconds < _UNHEALTHY_SECONDS:
        return None
    duration = "yet" if healthy_at is None else f"for {silent_seconds:.0f} s"
    return f"has not worked {duration}: {problem or 'it has stopped reporting'}"
