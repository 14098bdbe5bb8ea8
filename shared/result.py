"""A result on its way from the function that computes it to the store.

Child processes use this too, so it knows neither the database nor the broker.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reckoner.authoring.results.kinds import ResultKind

#: Characters kept from either end of digits and text, for the document.
PREVIEW_CHARACTERS = 20

#: Results of up to this many bytes live in the calculation's row, longer ones in chunks.
ROW_BYTES = 8_192

#: Bytes in every chunk of a long result but its last. Part of the stored format.
CHUNK_BYTES = 262_144

#: UTF-8 takes at most four bytes for a character.
_PREVIEW_BYTES = 4 * PREVIEW_CHARACTERS

#: PostgreSQL's text cannot hold a NUL.
_NO_NUL = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class Result:
    """The bytes of a result: how many, and their SHA-256 (hexadecimal); and how they were computed.

    `media_type` is the author's own, None for the kind's. `head` and `tail` are both ends of digits
    and text. `check` says how it was verified, `peak_bytes` how much memory its processes held.
    `data` is all bytes; None where a long result is stored chunk by chunk as it arrives.
    """

    kind: ResultKind
    length: int
    sha256: str
    compute_seconds: float
    media_type: str | None = None
    head: str | None = None
    tail: str | None = None
    check: str | None = None
    peak_bytes: int | None = None
    data: bytes | None = None

    @classmethod
    def of(
        cls,
        kind: ResultKind,
        data: bytes,
        compute_seconds: float,
        *,
        media_type: str | None = None,
        check: str | None = None,
    ) -> "Result":
        """Return the result that consists of these bytes."""
        head, tail = _ends(kind, data[:_PREVIEW_BYTES], data[-_PREVIEW_BYTES:])
        digest = hashlib.sha256(data).hexdigest()
        return cls(
            kind, len(data), digest, compute_seconds, media_type, head, tail, check, None, data
        )

    @property
    def text_in_row(self) -> str | None:
        """All of it, if it is short and PostgreSQL can hold it as text."""
        if self.data is None or self.length > ROW_BYTES or self._is_binary:
            return None
        return self.data.decode("utf-8")

    @property
    def bytes_in_row(self) -> bytes | None:
        """All of it, if it is short and PostgreSQL cannot hold it as text."""
        return self.data if self.length <= ROW_BYTES and self._is_binary else None

    @property
    def is_in_row(self) -> bool:
        """Whether the row of the calculation holds it, and no chunks do."""
        return self.length <= ROW_BYTES

    @property
    def _is_binary(self) -> bool:
        if self.kind is ResultKind.TEXT:
            return self.data is not None and b"\0" in self.data
        return self.kind is ResultKind.BYTES

    def chunks(self) -> list[bytes]:
        """Return the bytes of a long result, cut; none if its row, or the store, has them."""
        if self.data is None or self.is_in_row:
            return []
        starts = range(0, self.length, CHUNK_BYTES)
        return [self.data[start : start + CHUNK_BYTES] for start in starts]


class ResultBuilder:
    """Makes a result from bytes that arrive in pieces and are not kept."""

    __slots__ = ("_digest", "_head", "_tail", "kind", "length", "media_type")

    def __init__(self, kind: ResultKind, media_type: str | None = None) -> None:
        self.kind = kind
        self.media_type = media_type
        self.length = 0
        self._digest = hashlib.sha256()
        self._head = b""
        self._tail = b""

    def feed(self, piece: bytes) -> None:
        """Append bytes."""
        self.length += len(piece)
        self._digest.update(piece)
        if len(self._head) < _PREVIEW_BYTES:
            self._head += piece[: _PREVIEW_BYTES - len(self._head)]
        self._tail = (self._tail + piece[-_PREVIEW_BYTES:])[-_PREVIEW_BYTES:]

    def finish(
        self, compute_seconds: float, *, check: str | None = None, peak_bytes: int | None = None
    ) -> Result:
        """Return the result of the bytes so far."""
        return Result(
            self.kind,
            self.length,
            self._digest.hexdigest(),
            compute_seconds,
            self.media_type,
            *_ends(self.kind, self._head, self._tail),
            check,
            peak_bytes,
        )


def _ends(kind: ResultKind, first: bytes, last: bytes) -> tuple[str | None, str | None]:
    """Return the first and the last characters, of kinds that people read in parts."""
    if kind is ResultKind.DIGITS:
        return (
            first[:PREVIEW_CHARACTERS].decode("ascii"),
            last[-PREVIEW_CHARACTERS:].decode("ascii"),
        )
    if kind is ResultKind.TEXT:
        head, tail = (end.decode("utf-8", "ignore").replace("\0", _NO_NUL) for end in (first, last))
        return head[:PREVIEW_CHARACTERS], tail[-PREVIEW_CHARACTERS:]
    return None, None


def in_chunks(pieces: Iterable[bytes], length: int) -> Iterator[bytes]:
    """Cut pieces of any size into chunks of `length` bytes; only the last may have fewer."""
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
