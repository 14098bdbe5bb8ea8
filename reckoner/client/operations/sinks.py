"""Where downloaded bytes go: a file that is open, or a path by way of a part file."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EEXIST, EISDIR
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG
from typing import Any, BinaryIO, Protocol

_READ_BYTES = 1024 * 1024

#: With what a part file's name has more, it is shorter than the 255 that file systems take.
_MAX_NAME_BYTES = 200


class Writable(Protocol):
    """A file that is open for bytes."""

    def write(self, data: Any, /) -> object:
        """Write bytes, and return how many if these may be fewer."""


class Sink:
    """Bytes that are written in their order, with their SHA-256."""

    def __init__(self, file: Writable) -> None:
        self._file = file
        self._digest = sha256()
        self.length = 0

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was written, in hexadecimal."""
        return self._digest.hexdigest()

    def write(self, data: bytes) -> None:
        """Write the next bytes."""
        remaining = memoryview(data)
        while remaining:  # an unbuffered file may take a part of it
            taken = self._file.write(remaining)
            remaining = remaining[taken:] if isinstance(taken, int) else remaining[:0]
        self._digest.update(data)
        self.length += len(data)

    def finish(self) -> None:
        """Keep what was written: it is right."""

    def discard(self) -> None:
        """Remove what was written: it is wrong. What an open file has got stays there."""


class PartFile(Sink):
    """A part file beside a path, which it replaces at the end, whole.

    It is named after the result's SHA-256, and begins where an earlier download has ended. As a
    result never changes, two downloads of it that run at once write the same bytes to the same
    places, and do not disturb each other.
    """

    def __init__(self, file: BinaryIO, part: Path, path: Path) -> None:
        super().__init__(file)
        self._part = part
        self._path = path
        self._open_file = file
        while data := file.read(_READ_BYTES):
            self._digest.update(data)
            self.length += len(data)

    def finish(self) -> None:
        """Let the part file become the file, once it is on the disk."""
        self._open_file.truncate(self.length)
        self._open_file.flush()
        os.fsync(self._open_file.fileno())
        self._open_file.close()  # an open file cannot be renamed everywhere
        try:
            self._part.replace(self._path)
        except FileNotFoundError:
            # Another download of the same result was faster.
            if not self._path.is_file() or self._path.stat().st_size != self.length:
                raise

    def discard(self) -> None:
        """Remove the part file."""
        self._part.unlink(missing_ok=True)


@contextmanager
def opened(target: str | os.PathLike[str] | Writable, digest: str, length: int) -> Iterator[Sink]:
    """Give the sink of a file or a path for the result with this SHA-256 and length.

    What is no regular file, such as /dev/stdout, is written to and not replaced.
    """
    if not isinstance(target, str | os.PathLike):
        yield Sink(target)
        return
    path = Path(target)
    if path.is_dir():
        raise IsADirectoryError(EISDIR, "It is a directory. Give the path of a file", str(path))
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield Sink(file)
        return
    path = path.resolve()  # a symbolic link stays one
    has_room = len(os.fsencode(path.name)) <= _MAX_NAME_BYTES
    part = path.with_name(f"{path.name if has_room else digest[16:]}.{digest[:16]}.part")
    with os.fdopen(_open_part(part), "r+b") as file:
        if os.fstat(file.fileno()).st_size > length:
            file.truncate(0)
        yield PartFile(file, part, path)


def _open_part(part: Path) -> int:
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | _FLAGS, 0o666)
    if not S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileExistsError(EEXIST, "It is no file, and in the way. Remove it", str(part))
    return descriptor


#: Others may write into the folder, and the name is easily guessed: a symbolic link is not followed
#: to wherever it leads, and a pipe is not waited for. Windows has O_BINARY, and not the others.
_FLAGS = sum(getattr(os, name, 0) for name in ("O_BINARY", "O_NOFOLLOW", "O_NONBLOCK"))
