"""Calculations: their identity, their statuses and their lane."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from reckoner.authoring.arguments.bound import BoundArguments
from reckoner.authoring.definition import Function
from reckoner.authoring.estimates import Estimate
from shared.functions.learnt_cost import LearntCost

#: Namespace of calculation ids (RFC 9562, version 5). docs/reference/calculations.md has it for
#: clients.
NAMESPACE = uuid5(NAMESPACE_URL, "urn:reckoner:calculation")

# As uuid.uuid5 does it, in half the time: with the namespace hashed once, and from an integer.
_NAMESPACE_DIGEST = hashlib.sha1(NAMESPACE.bytes, usedforsecurity=False)
_RANDOM_BITS = (1 << 128) - 1 - (0xF << 76) - (0x3 << 62)
_VERSION_5 = (0x5 << 76) + (0x2 << 62)


class Status(StrEnum):
    """queued → running → succeeded, failed or cancelled; the last three are final.

    A quick calculation goes from queued straight to succeeded or failed. One that failed, was
    cancelled or whose result was pruned is queued again when it is submitted again.
    """

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


_FINAL = frozenset((Status.SUCCEEDED, Status.FAILED, Status.CANCELLED))


def is_final(status: str) -> bool:
    """Say whether this status changes only by a new submission."""
    return status in _FINAL


class Lane(StrEnum):
    """The queue of a calculation, and the kind of worker that computes it."""

    QUICK = "quick"
    HEAVY = "heavy"


@dataclass(frozen=True, slots=True)
class Calculation:
    """A function applied to valid arguments, with its estimate and its lane.

    The estimate is the function's own, or learnt from its history, or None: `estimate_source`
    says which. While it is unfinished it is charged its estimate of seconds and of digits, or
    `charged_seconds` and `charged_bytes` where these are not None.
    """

    id: UUID
    function: Function
    arguments: BoundArguments
    estimate: Estimate | LearntCost | None
    lane: Lane
    estimate_source: Literal["function", "history"] | None = "function"
    charged_seconds: float | None = None
    charged_bytes: int | None = None

    @property
    def queue_seconds(self) -> float:
        """What it is charged of the seconds that may be queued."""
        if self.charged_seconds is not None:
            return self.charged_seconds
        return self.estimate.seconds if self.estimate is not None else 0.0

    @property
    def queue_bytes(self) -> int:
        """What it is charged of the bytes of results that may be queued."""
        if self.charged_bytes is not None:
            return self.charged_bytes
        return (self.estimate.digits or 0) if self.estimate is not None else 0


@dataclass(frozen=True, slots=True)
class Work:
    """What a message names: one calculation to compute, and the request that submitted it.

    `key_name` is that of the key that queued it, `traceparent` the trace context of the request
    (W3C Trace Context); messages of earlier versions carry neither.
    """

    calculation_id: UUID
    function: str
    function_version: int
    arguments_text: str
    request_id: str | None
    key_name: str | None = None
    traceparent: str | None = None


def calculation_id(function: str, version: int, arguments_text: str) -> UUID:
    """Return the UUIDv5 that equal calculations share.

    The name is `function/version/` and the canonical text of the arguments.
    """
    digest = _NAMESPACE_DIGEST.copy()
    digest.update(f"{function}/{version}/{arguments_text}".encode())
    number = int.from_bytes(digest.digest()[:16], "big")
    return UUID(int=number & _RANDOM_BITS | _VERSION_5)
