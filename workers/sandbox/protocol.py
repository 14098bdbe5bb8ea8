"""What goes over the pipes between a worker and its child process.

The worker writes one Request to the child's standard input and closes it. The child answers with
frames: a kind, a length, and a payload. A worker trusts nothing of what it reads.
"""

import dataclasses
import json
import math
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from shared.errors import CalculationAborted
from shared.result import Result

_HEADER = struct.Struct("!cI")
_FRACTION = struct.Struct("!d")

#: The longest payload, in bytes. Without a limit, a child that sends nonsense could make its worker
#: wait for gigabytes.
MAX_PAYLOAD = 2**18

#: The reasons that a child may give. The worker finds all others by itself.
_CHILD_REASONS = frozenset({"memory-limit", "function-failed", "function-gone", "result-wrong"})

#: More than our own child ever sends.
_DETAIL_CHARACTERS = 1_000


@dataclass(frozen=True, slots=True)
class Request:
    """What to compute, and within which limits. The digits are checked modulo `prime`."""

    function: str
    version: int
    arguments_text: str
    prime: int
    memory_limit_bytes: int
    time_limit_seconds: float  # enforced by the worker
    parent_pid: int = field(default_factory=os.getpid)

    def encode(self) -> bytes:
        """Return what the child reads."""
        return json.dumps(dataclasses.asdict(self)).encode("ascii")

    @classmethod
    def decode(cls, text: str) -> "Request":
        """Return the request that the worker has written."""
        return cls(**json.loads(text))


class Kind(Enum):
    """What a frame holds."""

    PROGRESS = b"P"  # the fraction that is done
    DIGITS = b"D"  # the next digits, in ASCII
    RESULT = b"R"  # the end: the result without its digits
    ERROR = b"E"  # the end: a reason and a detail


def encode_frame(kind: Kind, payload: bytes | memoryview) -> bytes:
    """Return the frame of a payload of at most MAX_PAYLOAD bytes."""
    return _HEADER.pack(kind.value, len(payload)) + payload


class FrameReader:
    """Puts frames together from the bytes of a pipe."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Kind, bytes]]:
        """Yield the frames that are complete now. Raises CalculationAborted for an invalid one."""
        self._buffer += data
        while len(self._buffer) >= _HEADER.size:
            code, length = _HEADER.unpack_from(self._buffer)
            try:
                kind = Kind(code)
            except ValueError:
                raise _invalid_frame(self._buffer) from None
            if length > MAX_PAYLOAD:
                raise _invalid_frame(self._buffer)
            end = _HEADER.size + length
            if len(self._buffer) < end:
                return
            with memoryview(self._buffer) as view:
                payload = bytes(view[_HEADER.size : end])
            del self._buffer[:end]
            yield kind, payload


def encode_progress(fraction: float) -> bytes:
    """Return the payload of a progress frame."""
    return _FRACTION.pack(fraction)


def decode_progress(payload: bytes) -> float:
    """Return a fraction from 0 to 1; 0 if it is not finite. Raises CalculationAborted."""
    if len(payload) != _FRACTION.size:
        raise _invalid_frame(payload)
    fraction: float = _FRACTION.unpack(payload)[0]
    return min(max(fraction, 0.0), 1.0) if math.isfinite(fraction) else 0.0


def encode_result(result: Result) -> bytes:
    """Return the payload of a result frame; the digits have been sent before."""
    return json.dumps(dataclasses.asdict(result)).encode("ascii")


def decode_result(payload: bytes) -> Result:
    """Return a result without its digits. Raises CalculationAborted if it is invalid."""
    match _load(payload):
        case {
            "digit_count": int(digit_count),
            "sha256": str(sha256),
            "head": str(head),
            "tail": str(tail),
            "compute_seconds": float(seconds),
        } if math.isfinite(seconds) and seconds >= 0:
            return Result(digit_count, sha256, head, tail, seconds)
    raise _invalid("an invalid result")


def encode_error(reason: str, detail: str) -> bytes:
    """Return the payload of an error frame."""
    return json.dumps({"reason": reason, "detail": detail}).encode("ascii")


def decode_error(payload: bytes) -> CalculationAborted:
    """Return the error in a frame, or the one for an invalid error."""
    match _load(payload):
        case {"reason": str(reason), "detail": str(detail)} if reason in _CHILD_REASONS:
            return CalculationAborted(reason, detail[:_DETAIL_CHARACTERS])
    return _invalid("an invalid error")


def _load(payload: bytes) -> object:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):  # RecursionError: nested too deeply
        return None


def _invalid_frame(data: bytes | bytearray) -> CalculationAborted:
    return _invalid(f"an invalid frame, {bytes(data[:20])!r}")


def _invalid(what: str) -> CalculationAborted:
    return CalculationAborted(
        "process-died",
        f"The calculation's process sent {what}. A function may write only to standard output, to "
        "standard error and to files that it has opened itself.",
    )
