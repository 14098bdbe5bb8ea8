"""What goes into the statements of this package and comes out: frozen values, not ORM objects."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID


class Row(NamedTuple):
    """A row of `calculations`, by the columns that make its document.

    `error` is a problem document (RFC 9457), `history` what became of earlier attempts.
    """

    id: UUID
    function: str
    version: int
    arguments: Mapping[str, Any]
    status: str
    lane: str
    progress: float
    attempt: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    compute_seconds: float | None
    estimate_seconds: float
    estimate_digits: int
    estimate_bytes: int
    cancel_requested: bool
    result_digits: int | None
    result_sha256: str | None
    result_head: str | None
    result_tail: str | None
    result_value: str | None
    result_attempt: int | None
    result_pruned_at: datetime | None
    error: Mapping[str, object] | None
    history: Sequence[Mapping[str, Any]]

    @property
    def has_result(self) -> bool:
        """Whether it has succeeded and its digits are there."""
        return self.status == "succeeded" and self.result_pruned_at is None


@dataclass(frozen=True, slots=True)
class FinishedResult:
    """A checked result: its digits, how many, their SHA-256 (hexadecimal), and the time it took.

    `value` holds all digits of a short result and is None when they are in chunks.
    """

    digits: int
    sha256: str
    head: str
    tail: str
    value: str | None
    compute_seconds: float


@dataclass(frozen=True, slots=True)
class Claim:
    """A heavy worker's lease on one calculation; `attempt` fences its writes.

    `attempts` counts those of this round, this one included and without those that were handed
    back; `history` holds the ends of earlier ones, of all rounds.
    """

    calculation_id: UUID
    attempt: int
    function: str
    version: int
    arguments: Mapping[str, Any]
    estimate_seconds: float
    request_id: str | None
    published_at: datetime | None
    attempts: int
    history: Sequence[Mapping[str, Any]]

    @property
    def earlier_outcomes(self) -> list[str]:
        """How the counted attempts before this one have ended in this round, oldest first."""
        counted = [entry["outcome"] for entry in self.history if entry["outcome"] != "released"]
        return counted[max(0, len(counted) - self.attempts + 1) :]


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a heartbeat tells of one claim: its latest progress, from 0 to 1."""

    calculation_id: UUID
    attempt: int
    progress: float


def uuid_array(ids: Iterable[UUID]) -> str:
    """Return ids as PostgreSQL writes an array: one parameter, not one for each id."""
    return f"{{{','.join(map(str, ids))}}}"
