"""A result on its way from the function that computes it to the store.

Child processes use this too, so it knows neither the database nor the broker.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

#: Digits kept from either end of a result, for its document.
PREVIEW_DIGITS = 20

#: Results of up to this many digits live in the calculation's row, longer ones in chunks.
ROW_DIGITS = 8_192

#: Digits in every chunk of a long result but its last. Part of the stored format.
CHUNK_DIGITS = 262_144


@dataclass(frozen=True, slots=True)
class Result:
    """A result: how many digits, their SHA-256 (hexadecimal), both ends, and the computing time.

    `digits` are all of them; None where a long result is stored chunk by chunk as it arrives.
    """

    digit_count: int
    sha256: str
    head: str
    tail: str
    compute_seconds: float
    digits: str | None = None

    @classmethod
    def of(cls, digits: str, compute_seconds: float) -> "Result":
        """Return the result that consists of these digits."""
        return cls(
            len(digits),
            hashlib.sha256(digits.encode("ascii")).hexdigest(),
            digits[:PREVIEW_DIGITS],
            digits[-PREVIEW_DIGITS:],
            compute_seconds,
            digits,
        )

    @property
    def value(self) -> str | None:
        """All digits if they are few enough for the row; None if they are in chunks."""
        return self.digits if self.digit_count <= ROW_DIGITS else None

    def chunks(self) -> list[str]:
        """Return the digits of a long result, cut; none if its row, or the store, has them."""
        if self.digits is None or self.digit_count <= ROW_DIGITS:
            return []
        starts = range(0, len(self.digits), CHUNK_DIGITS)
        return [self.digits[start : start + CHUNK_DIGITS] for start in starts]


class ResultBuilder:
    """Makes a result from digits that arrive in pieces and are not kept."""

    __slots__ = ("_digest", "_head", "_tail", "digit_count")

    def __init__(self) -> None:
        self.digit_count = 0
        self._digest = hashlib.sha256()
        self._head = b""
        self._tail = b""

    def feed(self, piece: bytes) -> None:
        """Append digits, in ASCII."""
        self.digit_count += len(piece)
        self._digest.update(piece)
        if len(self._head) < PREVIEW_DIGITS:
            self._head += piece[: PREVIEW_DIGITS - len(self._head)]
        self._tail = (self._tail + piece[-PREVIEW_DIGITS:])[-PREVIEW_DIGITS:]

    def finish(self, compute_seconds: float) -> Result:
        """Return the result of the digits so far."""
        return Result(
            self.digit_count,
            self._digest.hexdigest(),
            self._head.decode("ascii"),
            self._tail.decode("ascii"),
            compute_seconds,
        )


def in_chunks(pieces: Iterable[bytes], length: int) -> Iterator[bytes]:
    """Cut pieces of any size into chunks of `length` digits; only the last may have fewer."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= length:
            with memoryview(waiting) as view:  # a slice of the array itself would be one more copy
                chunk = bytes(view[:length])
            del waiting[:length]
            yield chunk
    if waiting:
        yield bytes(waiting)
