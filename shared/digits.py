"""Digits on their way to the store: counted, digested and cut into chunks.

Child processes use this too, so it knows neither the database nor the broker.
"""

import hashlib
from collections.abc import Iterable, Iterator

from shared.calculation import PREVIEW_DIGITS
from shared.store.rows import FinishedResult


class DigitsSummary:
    """The count, the SHA-256 and both ends of digits that pass by in pieces."""

    __slots__ = ("_digest", "_head", "_tail", "digits")

    def __init__(self, piece: bytes = b"") -> None:
        self.digits = len(piece)
        self._digest = hashlib.sha256(piece)
        self._head = piece[:PREVIEW_DIGITS]
        self._tail = piece[-PREVIEW_DIGITS:]

    def feed(self, piece: bytes) -> None:
        """Append digits, in ASCII."""
        self.digits += len(piece)
        self._digest.update(piece)
        if len(self._head) < PREVIEW_DIGITS:
            self._head += piece[: PREVIEW_DIGITS - len(self._head)]
        self._tail = (self._tail + piece[-PREVIEW_DIGITS:])[-PREVIEW_DIGITS:]

    @property
    def sha256(self) -> str:
        """The digest of the digits so far, in hexadecimal."""
        return self._digest.hexdigest()

    def finished(self, value: str | None, compute_seconds: float) -> FinishedResult:
        """Return what is stored of the result; `value` are all digits, if they are few."""
        return FinishedResult(
            digits=self.digits,
            sha256=self.sha256,
            head=self._head.decode("ascii"),
            tail=self._tail.decode("ascii"),
            value=value,
            compute_seconds=compute_seconds,
        )


def in_chunks(pieces: Iterable[bytes], length: int) -> Iterator[bytes]:
    """Cut pieces of any size anew: each chunk has `length` digits, only the last may have fewer."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= length:
            with memoryview(waiting) as view:  # a slice of the array itself would be a copy more
                chunk = bytes(view[:length])
            del waiting[:length]
            yield chunk
    if waiting:
        yield bytes(waiting)
