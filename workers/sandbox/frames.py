"""What a child process says to its worker: frames of a kind, a length and a payload."""

import math
import struct
from collections.abc import Iterator
from enum import Enum

from shared.errors import CalculationAborted

_HEADER = struct.Struct("!cI")

#: Bytes of one payload. A child that dies in mid-frame, or talks nonsense, must not be able to
#: make its worker wait for gigabytes.
MAX_PAYLOAD = 2**18


class Kind(Enum):
    """What a frame holds."""

    PROGRESS = b"P"  # the fraction done, a double
    DIGITS = b"D"  # the next digits, in ASCII
    RESULT = b"R"  # the end: JSON of a Result without its digits
    ERROR = b"E"  # the end: JSON of reason and detail


def frame(kind: Kind, payload: bytes | memoryview) -> bytes:
    """Return the frame of a payload of at most MAX_PAYLOAD bytes."""
    return _HEADER.pack(kind.value, len(payload)) + payload


class FrameReader:
    """Puts frames together from the bytes of a pipe."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Kind, bytes]]:
        """Yield the frames that are complete now.

        Raises CalculationAborted for bytes that are no frame.
        """
        self._buffer += data
        while len(self._buffer) >= _HEADER.size:
            code, length = _HEADER.unpack_from(self._buffer)
            try:
                kind = Kind(code)
            except ValueError:
                raise _garbled(bytes(self._buffer[:20])) from None
            if length > MAX_PAYLOAD:
                raise _garbled(bytes(self._buffer[:20]))
            end = _HEADER.size + length
            if len(self._buffer) < end:
                return
            with memoryview(self._buffer) as view:
                payload = bytes(view[_HEADER.size : end])
            del self._buffer[:end]
            yield kind, payload


def pack_progress(fraction: float) -> bytes:
    """Return the payload of a progress frame."""
    return struct.pack("!d", fraction)


def unpack_progress(payload: bytes) -> float:
    """Return the fraction in a progress frame, from 0 to 1; 0 for what is no number."""
    if len(payload) != 8:
        raise _garbled(payload)
    fraction: float = struct.unpack("!d", payload)[0]
    return min(max(fraction, 0.0), 1.0) if math.isfinite(fraction) else 0.0


def _garbled(found: bytes) -> CalculationAborted:
    return CalculationAborted(
        "process-died", f"The calculation's process sent something that is no frame: {found!r}."
    )
