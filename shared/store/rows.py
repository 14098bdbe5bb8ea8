"""What goes into the statements of this package: frozen values, not ORM objects."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


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


def has_result(row: Mapping[str, Any]) -> bool:
    """Say whether a row of `calculations` has succeeded and its digits are there."""
    return row["status"] == "succeeded" and row["result_pruned_at"] is None


def uuid_array(ids: Iterable[UUID]) -> str:
    """Return ids as PostgreSQL writes an array: one parameter, not one for each id."""
    return f"{{{','.join(map(str, ids))}}}"
