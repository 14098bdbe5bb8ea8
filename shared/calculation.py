"""Calculations: their identity, their statuses and their lane."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from reckoner.authoring.definition import Function
from reckoner.authoring.estimates import Estimate

#: Namespace of calculation ids (RFC 9562, version 5); documented for clients in docs/api.md.
NAMESPACE = uuid5(NAMESPACE_URL, "urn:reckoner:calculation")

# Made once: with options, json.dumps makes a new encoder for every call.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


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
    """A function applied to valid arguments, with its estimate and its lane."""

    id: UUID
    function: Function
    arguments: Mapping[str, Any]
    estimate: Estimate | None
    lane: Lane


@dataclass(frozen=True, slots=True)
class Work:
    """What a message names: one calculation to compute, and the request that submitted it."""

    calculation_id: UUID
    function: str
    function_version: int
    arguments: Mapping[str, Any]
    request_id: str | None


def calculation_id(function: str, version: int, arguments: Mapping[str, Any]) -> UUID:
    """Return the UUIDv5 that equal calculations share.

    The name is `function/version/` and the arguments as JSON with sorted members and no spaces.
    """
    return uuid5(NAMESPACE, f"{function}/{version}/{canonical_json(arguments)}")


def canonical_json(arguments: Mapping[str, Any]) -> str:
    """Return the arguments as JSON in its one canonical form, in ASCII."""
    return _CANONICAL.encode(arguments)
