"""The folder var/: all that `make up` keeps, for one process at a time."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from compose.services.errors import ServiceError

PROJECT = Path(__file__).resolve().parent.parent
STATE = PROJECT / "var"


@contextlib.contextmanager
def held(state: Path) -> Iterator[None]:
    """Create the folder and hold its lock; `ServiceError` if another process or user has it."""
    try:
        state.mkdir(exist_ok=True)
        if state.stat().st_uid != os.geteuid():
            raise PermissionError
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
        yield
