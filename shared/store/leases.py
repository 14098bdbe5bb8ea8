"""Statements that give a heavy worker a claim on a calculation, and keep it.

Those that end it are in attempts.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from shared.postgres.prepared import Prepared, Query, Rows, uuid_array
from shared.store.arguments import ARGUMENTS_OF_EARLIER_VERSIONS, arguments_text
from shared.store.notifications import NOTIFYING_CHANGED, NOTIFYING_CLAIMED

_CLAIM = Prepared(
    "claim",
    ("uuid", "uuid", "double precision"),
    f"""
    UPDATE calculations
    SET status = 'running', attempt = attempt + 1, worker_id = $2, started_at = now(),
        lease_until = now() + make_interval(secs => $3), progress = 0
    WHERE id = $1 AND (status = 'queued') IS TRUE AND lane = 'heavy'
    RETURNING id, attempt, function, version, arguments_text, estimate_seconds,
              request_id, published_at, attempt - attempt_base AS attempts, history,
              coalesce(queued_by, submitted_by), traceparent,
              greatest(0, extract(epoch FROM now() - not_before))::float AS waited_seconds,
              {ARGUMENTS_OF_EARLIER_VERSIONS} AS arguments, {NOTIFYING_CHANGED},
              {NOTIFYING_CLAIMED}""",
)

_EXTEND = text("""
    UPDATE calculations
    SET lease_until = now() + make_interval(secs => :lease_seconds),
        progress = greatest(calculations.progress, renewal.progress)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:attempts AS integer[]),
                CAST(:progresses AS double precision[])) AS renewal (id, attempt, progress)
    WHERE calculations.id = renewal.id AND calculations.attempt = renewal.attempt
      AND status = 'running' AND worker_id = :worker_id
    RETURNING calculations.id, cancel_requested""")


@dataclass(frozen=True, slots=True)
class Claim:
    """A heavy worker's lease on one calculation; `attempt` fences its writes.

    `attempts` counts those of this round, this one included, without those that were released.
    `history` lists how earlier attempts of all rounds ended. `key_name` is that of the key that
    queued it, `traceparent` the trace context of its request.
    """

    calculation_id: UUID
    attempt: int
    function: str
    version: int
    arguments_text: str
    estimate_seconds: float | None
    request_id: str | None
    published_at: datetime | None
    attempts: int
    history: Sequence[Mapping[str, Any]]
    key_name: str | None = None
    traceparent: str | None = None
    #: From when it was accepted, or was due again, until the claim.
    waited_seconds: float = 0.0

    @property
    def earlier_outcomes(self) -> list[str]:
        """How the counted attempts before this one ended in this round, oldest first."""
        counted = [entry["outcome"] for entry in self.history if entry["outcome"] != "released"]
        return counted[max(0, len(counted) - self.attempts + 1) :]


@dataclass(frozen=True, slots=True)
class Renewal:
    """A heartbeat for one claim, with its latest progress, from 0 to 1."""

    calculation_id: UUID
    attempt: int
    progress: float


def claim_calculation(
    connection: Connection, calculation_id: UUID, *, worker_id: UUID, lease_seconds: float
) -> Claim | None:
    """Count an attempt, take the lease, and notify of it; None if there is nothing to do."""
    values = (str(calculation_id), str(worker_id), lease_seconds)
    return Query(_CLAIM, values, _claim).on(connection)


def _claim(rows: Rows) -> Claim | None:
    for row in rows:
        identity, attempt, function, version, text_or_none, *others, arguments, _, _ = row
        return Claim(
            identity, attempt, function, version, arguments_text(text_or_none, arguments), *others
        )
    return None


def extend_leases(
    connection: Connection, renewals: Sequence[Renewal], *, worker_id: UUID, lease_seconds: float
) -> dict[UUID, bool]:
    """Extend claims and store their progress.

    Return those still held, each with whether a cancel is requested; the others are lost.
    """
    rows = connection.execute(
        _EXTEND,
        {
            "ids": uuid_array(renewal.calculation_id for renewal in renewals),
            "attempts": [renewal.attempt for renewal in renewals],
            "progresses": [renewal.progress for renewal in renewals],
            "worker_id": worker_id,
            "lease_seconds": lease_seconds,
        },
    )
    return {row.id: row.cancel_requested for row in rows}
