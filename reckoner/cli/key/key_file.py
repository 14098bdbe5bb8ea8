"""A file that holds one key, from which the key is made again after a crash or in a new database.

The file is written before the row: a key that was stored first, and then lost, could not be given
to anybody.
"""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from shared.keys.credential import Credential, new_credential, parse_key

_MAX_BYTES = 1_000


class KeyFileUnusable(Exception):
    """Raised when the file cannot be read or written; its text says why and what to do."""


def key_in(path: Path) -> Credential:
    """Return the key in the file; a new one, which is in the file now, if there is no file.

    Of several processes that find no file, all return the same key. Raises KeyFileUnusable.
    """
    try:
        with suppress(FileNotFoundError):
            return _read(path)
        with suppress(FileExistsError):
            _write(path, new_credential())
        return _read(path)
    except OSError as error:
        raise KeyFileUnusable(
            f"{path} cannot be read or written: {error.strerror}. Name a file in a folder that "
            "this user may write to."
        ) from error


def _read(path: Path) -> Credential:
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES)
    credential = parse_key(content.decode("ascii", "replace").strip())
    if credential is None:
        raise KeyFileUnusable(
            f"{path} holds no key: it must have one line, rk_ and so on. "
            "Name another file, or delete this one to have a key made."
        )
    return credential


def _write(path: Path, credential: Credential) -> None:
    """Put the whole file in place at once, for its owner alone. Raises FileExistsError."""
    folder = path.absolute().parent
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.")  # 0600, O_EXCL
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{credential.text}\n")
            file.flush()
            os.fsync(file.fileno())
        # Not a rename, which would replace what another process has put there meanwhile.
        os.link(temporary, path)
    finally:
        Path(temporary).unlink()
    _sync(folder)


def _sync(folder: Path) -> None:
    """Have the file's name survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
