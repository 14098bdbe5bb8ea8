"""What a worker asks of its child process, and what it lets itself be told at the end."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.errors import CalculationAborted
from shared.result import Result

#: The reasons that a child may give. What else can happen to it, its worker sees.
_CHILD_REASONS = frozenset({"memory-limit", "function-failed", "function-gone", "result-wrong"})

#: More than a child of ours ever says.
_DETAIL_CHARACTERS = 1_000


@dataclass(frozen=True, slots=True)
class Request:
    """What the child is to compute, and within which limits; `prime` is to check the digits."""

    function: str
    version: int
    arguments: Mapping[str, Any]
    prime: int
    memory_limit_bytes: int
    time_limit_seconds: float

    def encode(self, parent_pid: int) -> bytes:
        """Return what the child reads. How long it may take, only its worker looks to."""
        members = {
            "parent_pid": parent_pid,
            "function": self.function,
            "version": self.version,
            "arguments": self.arguments,
            "memory_limit_bytes": self.memory_limit_bytes,
            "prime": self.prime,
        }
        return json.dumps(members).encode("ascii")


def decode_result(payload: bytes) -> Result:
    """Return the result in a frame, which has no digits; raise CalculationAborted for another."""
    match _members(payload):
        case {
            "digit_count": int(digit_count),
            "sha256": str(sha256),
            "head": str(head),
            "tail": str(tail),
            "compute_seconds": float(seconds),
        } if math.isfinite(seconds) and seconds >= 0:
            return Result(digit_count, sha256, head, tail, seconds)
    raise CalculationAborted("process-died", "Its process sent a result that is none.")


def decode_error(payload: bytes) -> CalculationAborted:
    """Return the error in a frame."""
    match _members(payload):
        case {"reason": str(reason), "detail": str(detail)} if reason in _CHILD_REASONS:
            return CalculationAborted(reason, detail[:_DETAIL_CHARACTERS])
    return CalculationAborted("process-died", "Its process sent an error that is none.")


def _members(payload: bytes) -> object:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):  # nested without end
        return None
