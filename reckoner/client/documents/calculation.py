"""The document of a calculation."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from reckoner.client.documents.problem import Problem, problem_from

T = TypeVar("T")

_SHA256 = re.compile(r"[0-9a-f]{64}")

_FINAL = ("succeeded", "failed", "cancelled")


def is_final(status: str) -> bool:
    """Whether a calculation with this status has ended."""
    return status in _FINAL


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a calculation is expected to need; `source` is "function" or "history"."""

    seconds: float | None
    bytes: int | None
    digits: int | None
    source: str | None


@dataclass(frozen=True, slots=True)
class Result:
    """What is known of a result; `value` is all of it if it is short, as text or JSON."""

    media_type: str
    length: int
    sha256: str
    check: str | None
    digits: int | None
    value: Any
    head: str | None
    tail: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A claim by a heavy worker, and how it ended."""

    attempt: int
    worker: str | None
    began_at: datetime | None
    ended_at: datetime | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Calculation:
    """A calculation as the service last described it.

    `status` is "queued", "running", "succeeded", "failed" or "cancelled". `retry_after` is how many
    seconds the service expects it to take, if it said so. `document` has all members, as they came.
    """

    id: UUID
    function: str
    version: int
    arguments: Mapping[str, Any]
    status: str
    lane: str
    progress: float
    attempts: int
    created_at: datetime | None
    published_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    compute_seconds: float | None
    peak_bytes: int | None
    submitted_by: str | None
    cancelled_by: str | None
    estimate: Estimate | None
    result: Result | None
    error: Problem | None
    history: tuple[Attempt, ...] = field(repr=False)
    document: Mapping[str, Any] = field(repr=False, compare=False)
    retry_after: float | None = field(default=None, compare=False)

    @property
    def is_final(self) -> bool:
        """Whether nothing changes any more, unless it is submitted again."""
        return is_final(self.status)


@dataclass(frozen=True, slots=True)
class Submitted:
    """A calculation of a batch, right after it was submitted."""

    id: UUID
    status: str


@dataclass(frozen=True, slots=True)
class Estimated:
    """What a submission would become; `status` is None if nobody has submitted it."""

    id: UUID
    lane: str
    estimate: Estimate | None
    status: str | None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """How many were cancelled, and how many are running and will be within seconds."""

    cancelled: int
    cancelling: int


@dataclass(frozen=True, slots=True)
class Counted:
    """How many there are; if it is not exact, there are more than that."""

    count: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a calculation is: `fraction` from 0 to 1, and the seconds that it may still take."""

    calculation: Calculation
    fraction: float
    seconds_left: float | None


def calculation_from(document: Mapping[str, Any], retry_after: float | None = None) -> Calculation:
    """Return the calculation of a document.

    Raises KeyError, ValueError or TypeError if it is none.
    """
    estimate, result, error = (document.get(name) for name in ("estimate", "result", "error"))
    return Calculation(
        id=UUID(document["id"]),
        function=_typed(document["function"], str),
        version=_typed(document["version"], int),
        arguments=_typed(document["arguments"], dict),
        status=_typed(document["status"], str),
        lane=_typed(document["lane"], str),
        progress=float(document["progress"]),
        attempts=_typed(document["attempts"], int),
        created_at=_moment(document.get("created_at")),
        published_at=_moment(document.get("published_at")),
        started_at=_moment(document.get("started_at")),
        finished_at=_moment(document.get("finished_at")),
        compute_seconds=document.get("compute_seconds"),
        peak_bytes=document.get("peak_bytes"),
        submitted_by=document.get("submitted_by"),
        cancelled_by=document.get("cancelled_by"),
        estimate=None if estimate is None else estimate_from(estimate),
        result=None if result is None else _result(result),
        error=None if error is None else problem_from(error),
        history=tuple(map(_attempt, document.get("history") or ())),
        document=document,
        retry_after=retry_after,
    )


def estimate_from(document: Mapping[str, Any]) -> Estimate:
    """Return the estimate of a document."""
    return Estimate(*(document.get(name) for name in ("seconds", "bytes", "digits", "source")))


def _result(document: Mapping[str, Any]) -> Result:
    digits, value = document.get("digits"), document.get("value")
    if digits is not None and value is not None:
        _typed(value, str)
    length, digest = _typed(document["length"], int), _typed(document["sha256"], str)
    if length < 0 or not _SHA256.fullmatch(digest):  # it becomes a part of the name of a file
        raise ValueError("This is no result.")
    return Result(
        _typed(document["media_type"], str),
        length,
        digest,
        document.get("check"),
        digits,
        value,
        document.get("head"),
        document.get("tail"),
    )


def _attempt(document: Mapping[str, Any]) -> Attempt:
    return Attempt(
        document["attempt"],
        document.get("worker"),
        _moment(document.get("began_at")),
        _moment(document.get("ended_at")),
        document["outcome"],
    )


def _typed(value: Any, kind: type[T]) -> T:
    """Return a member that has this type. Raises TypeError for others."""
    if not isinstance(value, kind):
        raise TypeError(f"A member is of type {type(value).__name__}.")
    return value


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
