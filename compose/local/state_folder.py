"""The folder var/, in which `make up` keeps everything, for one process at a time."""

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from compose.services.errors import ServiceError

PROJECT = Path(__file__).resolve().parents[2]
STATE = PROJECT / "var"


@contextlib.contextmanager
def locked(state: Path) -> Iterator[None]:
    """Create the folder and lock it.

    Raises `ServiceError` if another process holds the lock or another user owns the folder.
    """
    try:
        state.mkdir(exist_ok=True)
        if state.stat().st_uid != os.geteuid():
            raise PermissionError
        # Root starts PostgreSQL as another user, which must be able to enter its folder below.
        state.chmod(0o711 if os.geteuid() == 0 else 0o700)
        lock = (state / "lock").open("a+")
    except PermissionError as error:
        raise ServiceError(
            f"The folder {state} belongs to another user.",
            "Run this as that user, or delete the folder with all data in it.",
        ) from error
    # The kernel releases the lock however this process ends; no child inherits it.
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise ServiceError(
                f"Reckoner is already running from this folder, as process {lock.read().strip()}.",
                "Use it, or stop it first: with Ctrl-C, or with kill and that number.",
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        _close_to_others(state)
        yield


def is_locked(state: Path) -> bool:
    """Return whether a process runs that has locked the folder."""
    try:
        lock = (state / "lock").open()
    except FileNotFoundError:
        return False
    with lock:
        try:
            # Shared, and given up at once: somebody who locks the folder now must not be refused.
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _close_to_others(state: Path) -> None:
    """Remove permissions that an earlier version, or another umask, gave to other users."""
    for folder, _, files in os.walk(state):
        # What another user owns (PostgreSQL's data) is already closed.
        for path in (Path(folder), *(Path(folder, name) for name in files)):
            # Servers of a killed run may still be stopping and removing their files.
            with contextlib.suppress(FileNotFoundError):
                status = path.lstat()
                is_ours = status.st_uid == os.geteuid() and not stat.S_ISLNK(status.st_mode)
                if is_ours and status.st_mode & 0o077 and path != state:
                    path.chmod(stat.S_IMODE(status.st_mode) & ~0o077)
