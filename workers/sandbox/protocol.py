"""What goes over the pipes between a worker and its child process.

The worker writes one Request to the child's standard input and closes it. The child answers with
frames: a kind, a length, and a payload. A worker trusts nothing of what it reads.
"""

import dataclasses
import json
import math
import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from reckoner.authoring.results.kinds import MAX_MEDIA_TYPE_CHARACTERS, ResultKind
from shared.errors import CalculationAborted
from shared.failures import Failure, bounded_details

#: What a fork writes to its standard output before any frame: its process id.
PID = struct.Struct("!q")

_HEADER = struct.Struct("!cI")
_FRACTION = struct.Struct("!d")

#: The longest payload, in bytes. Without a limit, a child that sends nonsense could make its worker
#: wait for gigabytes.
MAX_PAYLOAD = 2**18

#: The reasons that a child may give. The worker finds all others by itself.
_CHILD_REASONS = frozenset(
    {"memory-limit", "function-failed", "function-gone", "result-invalid", "result-wrong"}
)

_KINDS = frozenset(ResultKind)
#: The check of a function whose result is computed twice.
RECOMPUTED = "recomputed"
_CHECKS = frozenset({"residue", "check", RECOMPUTED, None})
_MEDIA_TYPE = re.compile(rf"[\x20-\x7e]{{1,{MAX_MEDIA_TYPE_CHARACTERS}}}")

#: More than our own child ever sends.
_DETAIL_CHARACTERS = 1_000
_MAX_SECONDS = 1e10


@dataclass(frozen=True, slots=True)
class Request:
    """What to compute, and within which limits. Digits are checked modulo `prime`.

    A limit is the function's own if it `is_declared`, and otherwise a setting. With `is_hash_only`
    the child sends no bytes, only what it says about them.
    """

    function: str
    version: int
    arguments_text: str
    prime: int
    memory_limit_bytes: int
    time_limit_seconds: float  # enforced by the worker
    max_result_bytes: int  # enforced by both
    is_memory_declared: bool = False
    is_time_declared: bool = False
    is_hash_only: bool = False
    parent_pid: int = field(default_factory=os.getpid)

    def encode(self) -> bytes:
        """Return what the child reads."""
        members = {name: getattr(self, name) for name in self.__slots__}  # asdict copies deeply
        return json.dumps(members).encode("ascii")

    @classmethod
    def decode(cls, text: str) -> "Request":
        """Return the request that the worker has written."""
        return cls(**json.loads(text))


class Kind(Enum):
    """What a frame holds."""

    HEADER = b"H"  # what the bytes will be; comes first
    PROGRESS = b"P"  # the fraction that is done
    DATA = b"D"  # the next bytes of the result
    RESULT = b"R"  # the end: what the child says of the bytes that it has sent
    ERROR = b"E"  # the end: why there is no result


@dataclass(frozen=True, slots=True)
class Header:
    """What the bytes of a result are, and the check that they must pass before its end."""

    kind: ResultKind
    media_type: str | None
    check: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a child says of a whole result."""

    length: int
    sha256: str
    compute_seconds: float
    peak_bytes: int | None


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


def encode_header(header: Header) -> bytes:
    """Return the payload of a header frame."""
    return json.dumps(dataclasses.asdict(header)).encode("ascii")


def decode_header(payload: bytes) -> Header:
    """Return a header. Raises CalculationAborted if it is invalid."""
    match _load(payload):
        case {"kind": str(kind), "media_type": media_type, "check": check} if (
            kind in _KINDS and _is_media_type(media_type) and check in _CHECKS
        ):
            return Header(ResultKind(kind), media_type, check)
    raise _invalid("an invalid header")


def _is_media_type(given: object) -> bool:
    """Return whether it may become a header of HTTP; None is the kind's own."""
    return given is None or (isinstance(given, str) and bool(_MEDIA_TYPE.fullmatch(given)))


def encode_summary(summary: Summary) -> bytes:
    """Return the payload of a result frame; the bytes have been sent before."""
    return json.dumps(dataclasses.asdict(summary)).encode("ascii")


def decode_summary(payload: bytes) -> Summary:
    """Return what the child says of its result. Raises CalculationAborted if it is invalid."""
    match _load(payload):
        case {
            "length": int(length),
            "sha256": str(sha256),
            "compute_seconds": float(seconds),
            "peak_bytes": int() | None as peak_bytes,
        } if 0 <= seconds < _MAX_SECONDS and 0 <= (peak_bytes or 0) < 2**63:
            return Summary(length, sha256, seconds, peak_bytes)
    raise _invalid("an invalid result")


def encode_error(failure: Failure) -> bytes:
    """Return the payload of an error frame."""
    members = {"reason": failure.reason, "detail": failure.detail, "details": failure.details}
    return json.dumps(members).encode("ascii")


def decode_error(payload: bytes) -> CalculationAborted:
    """Return the error in a frame, or the one for an invalid error."""
    match _load(payload):
        case {"reason": str(reason), "detail": str(detail), "details": details} if (
            reason in _CHILD_REASONS
        ):
            return CalculationAborted(reason, detail[:_DETAIL_CHARACTERS], bounded_details(details))
    return _invalid("an invalid error")


def _load(payload: bytes) -> object:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):  # RecursionError: nested too deeply
        return None


def out_of_order() -> CalculationAborted:
    """Return the error for a frame that may not come where it came."""
    return _invalid("its frames in the wrong order")


def _invalid_frame(data: bytes | bytearray) -> CalculationAborted:
    return _invalid(f"an invalid frame, {bytes(data[:20])!r}")


def _invalid(what: str) -> CalculationAborted:
    return CalculationAborted(
        "process-died",
        f"The calculation's process sent {what}. A function may write only to standard output, to "
        "standard error and to files that it has opened itself.",
    )
