"""Where `reckoner check-function` puts a result: a file, unless it is short text."""

import mimetypes
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from reckoner import Function
from reckoner.authoring.results.kinds import ResultKind
from reckoner.cli.authoring.check_report import SHOWN_BYTES
from shared.result import Result


class ResultNotWritten(Exception):
    """Raised when the bytes of a result cannot be written; its text says where and why."""


class ResultFile:
    """Holds the bytes of a result as they arrive; without `keep` nothing is left in the end."""

    def __init__(self, output: Path | None, function: Function) -> None:
        """Begin a file beside `output`, or one of the system's. Raises ResultNotWritten."""
        self._output = output
        self._function = function
        media_type = function.media_type.partition(";")[0]
        # Such as /dev/stdout or a pipe, in whose place no file may be put.
        self._is_special = output is not None and output.exists() and not output.is_file()
        is_beside = output is not None and not self._is_special
        folder = output.absolute().parent if output and is_beside else Path(tempfile.gettempdir())
        with _described(output or folder):
            self._file = tempfile.NamedTemporaryFile(  # noqa: SIM115 - closed by __exit__
                dir=folder,
                prefix=f"{function.name}-",
                suffix=mimetypes.guess_extension(media_type) or "",
                delete=False,
            )
        self._path = Path(self._file.name)
        self._is_kept = False

    def write(self, piece: bytes) -> None:
        """Append bytes. Raises ResultNotWritten."""
        with _described(self._path):
            self._file.write(piece)

    def keep(self, result: Result) -> str | Path:
        """Return the result itself if it is short text and no file is wanted, else its file.

        Raises ResultNotWritten.
        """
        with _described(self._output or self._path):
            self._file.close()
            if self._output is not None and self._is_special:
                with self._path.open("rb") as written, self._output.open("wb") as special:
                    shutil.copyfileobj(written, special)
                return self._output
            if self._output is not None:
                umask = os.umask(0)
                os.umask(umask)
                self._path.chmod(0o666 & ~umask)  # a temporary file is its owner's alone
                self._path.replace(self._output)
        self._is_kept = True
        if self._output is not None:
            return self._output
        if self._function.kind is ResultKind.BYTES or result.length > SHOWN_BYTES:
            return self._path
        self._is_kept = False
        return self._path.read_text(encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):  # what could not be written is written again
            self._file.close()
        if not self._is_kept:
            self._path.unlink(missing_ok=True)


@contextmanager
def _described(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ResultNotWritten(
            f"The result cannot be written to {path}: {error.strerror}. Name another file by -o."
        ) from error
