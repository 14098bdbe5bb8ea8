"""What a calculation is: its identity, its statuses and its lane."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from shared.functions.registry import Estimate, Function

#: Namespace of calculation ids (RFC 9562, version 5); docs/api.md tells clients of it.
NAMESPACE = uuid5(NAMESPACE_URL, "urn:reckoner:calculation")

#: Digits shown from either end of a longer result.
PREVIEW_DIGITS = 20

# Made once: json.dumps makes another for every call with options.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


class Status(StrEnum):
    """queued → running → succeeded, failed or cancelled; the last three are final.

    A quick calculation goes from queued straight to succeeded or failed. A failed or cancelled
    one that is submitted again is queued again, and so is one whose result was pruned.
    """

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


_FINAL = frozenset((Status.SUCCEEDED, Status.FAILED, Status.CANCELLED))


def is_final(status: str) -> bool:
    """Say whether nothing more will happen by itself to what has this status."""
    return status in _FINAL


class Lane(StrEnum):
    """Which queue and which kind of worker."""

    QUICK = "quick"
    HEAVY = "heavy"


@dataclass(frozen=True, slots=True)
class Calculation:
    """One function applied to valid arguments, with its cost."""

    id: UUID
    function: Function
    arguments: Mapping[str, Any]
    estimate: Estimate
    lane: Lane


def calculation_id(function: str, version: int, arguments: Mapping[str, Any]) -> UUID:
    """Return the UUIDv5 that equal calculations share.

    The name is `function/version/` and the arguments as JSON with sorted members and no spaces.
    """
    return uuid5(NAMESPACE, f"{function}/{version}/{canonical_json(arguments)}")


def canonical_json(arguments: Mapping[str, Any]) -> str:
    """Return the one spelling of these arguments, in ASCII."""
    return _CANONICAL.encode(arguments)
