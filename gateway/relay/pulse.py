"""A file for each relay process on a host, by which `--check` tells whether that one works.

The process holds a lock on its file: one that died is told by that, whatever its id is used for by
now. Times are of the monotonic clock, which all processes of a host share and nobody sets.
"""

import fcntl
import json
import os
import stat
import tempfile
import time
from pathlib import Path

#: A relay that has not worked for so long is not well. It ends itself somewhat later.
_SILENT_SECONDS = 45.0

#: Each time all of the file is written, and no end of something longer stays.
_LENGTH_BYTES = 4096
_MOST_CHARACTERS = 500


def pulse_folder() -> Path:
    """Return where the files of this user's relays are."""
    return Path(tempfile.gettempdir()) / f"reckoner-relay-{os.getuid()}"


class Pulse:
    """The file of this process. Raises OSError if it cannot be made."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise PermissionError(f"{folder} is not a folder of this user's own")
        for file in folder.glob("*.pulse"):
            if _read(file) is None:
                file.unlink(missing_ok=True)
        self._path = folder / f"{os.getpid()}.pulse"
        new = self._path.with_suffix(".new")
        new.unlink(missing_ok=True)
        self._descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        self._well_at: float | None = None
        self.beat("It has only just been started.")
        new.replace(self._path)

    def beat(self, problem: str | None) -> None:
        """Say that work went well just now, or why it did not."""
        if problem is None:
            self._well_at = time.monotonic()
        said = problem and problem[:_MOST_CHARACTERS]
        content = json.dumps({"well_at": self._well_at, "problem": said}).encode()
        os.pwrite(self._descriptor, content.ljust(_LENGTH_BYTES), 0)

    def close(self) -> None:
        """Remove the file."""
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def find_faults(folder: Path, pid: int | None = None) -> list[str]:
    """Return what is wrong with this user's relays on this host, or with that one.

    That none runs is a fault too.
    """
    faults = []
    running = 0
    for file in sorted(folder.glob(f"{pid or '*'}.pulse")):
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
    """Return what a relay's file says; None if its process has ended."""
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
        well_at, problem = members["well_at"], members["problem"]
    except (ValueError, KeyError):
        return "has a file that cannot be read."
    silent_seconds = time.monotonic() - (well_at or 0.0)
    if well_at is not None and silent_seconds < _SILENT_SECONDS:
        return None
    silence = "yet" if well_at is None else f"for {silent_seconds:.0f} s"
    return f"has not worked {silence}: {problem or 'it says nothing any more'}"
