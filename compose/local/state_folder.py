"""The folder var/: all that `make up` keeps, for one process at a time."""

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
def held(state: Path) -> Iterator[None]:
    """Create the folder and hold its lock; `ServiceError` if another process or user has it."""
    try:
        state.mkdir(exist_ok=True)
        if state.stat().st_uid != os.geteuid():
            raise PermissionError
        # PostgreSQL, which root starts as another user, has to get through to its own.
        state.chmod(0o711 if os.geteuid() == 0 else 0o700)
        lock = (state / "lock").open("a+")
    except PermissionError as error:
        raise ServiceError(
            f"The folder {state} belongs to another user.",
            "Run this as that user, or remove the folder, with all data in it.",
        ) from error
    # The kernel takes the lock back however this process ends, and nobody inherits it.
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise ServiceError(
                f"Reckoner runs from this folder already, as process {lock.read().strip()}.",
                "Use that one, or stop it first: by Ctrl-C, or by kill and that number.",
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        _close_to_others(state)
        yield


def _close_to_others(state: Path) -> None:
    """Take from other users what an earlier version, or another umask, let them read."""
    for folder, _, files in os.walk(state):
        # What this user cannot change is somebody else's, who has closed it (PostgreSQL's data).
        for path in (Path(folder), *(Path(folder, name) for name in files)):
            # Servers of a run that was killed may still be stopping, and remove files of theirs.
            with contextlib.suppress(FileNotFoundError):
                status = path.lstat()
                is_ours = status.st_uid == os.geteuid() and not stat.S_ISLNK(status.st_mode)
                if is_ours and status.st_mode & 0o077 and path != state:
                    path.chmod(stat.S_IMODE(status.st_mode) & ~0o077)
