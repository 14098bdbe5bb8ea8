"""Statements that end an attempt: by its worker, or by the rescue once its lease has run out.

Every write names the attempt that it belongs to. One that ends without a result is noted in
`lost_attempts`, since it may have left chunks (results/chunks.py).
"""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from shared.postgres.prepared import Prepared, Query, Rows
from shared.result import Result
from shared.store.leases import Claim
from shared.store.notifications import NOTIFYING_CHANGED

#: Appends the attempt to the history of its calculation. The list keeps the last 20, since a
#: calculation may be released any number of times.
_APPEND = """history = jsonb_path_query_array(history, '$[last - 18 to last]')
        || jsonb_build_object('attempt', attempt, 'worker', worker_id, 'began_at', started_at,
                              'ended_at', now(), 'outcome', {outcome})"""

#: `ended` names ids and attempts.
_NOTE_ENDED = """
    INSERT INTO lost_attempts (calculation_id, attempt) SELECT id, attempt FROM ended
    ON CONFLICT DO NOTHING"""


def _appending(outcome: str) -> str:
    return _APPEND.format(outcome=outcome)


def _losing(update: str) -> TextClause:
    """Return a statement that also notes the attempts it ends in `lost_attempts`."""
    return text(f"""
    WITH ended AS ({update}
    RETURNING calculations.id, calculations.attempt, calculations.status, calculations.function),
    noted AS ({_NOTE_ENDED})
    SELECT id, status, function FROM ended""")


_RELEASE = _losing(f"""
    UPDATE calculations
    SET {_appending("'released'")},
        status = 'queued', worker_id = NULL, lease_until = NULL, started_at = NULL, progress = 0,
        cancel_requested = false, published_at = NULL, not_before = now(),
        attempt_base = attempt_base + 1
    WHERE id = :id AND attempt = :attempt AND status = 'running' AND worker_id = :worker_id
      AND NOT cancel_requested""")

#: A pause that doubles with each counted attempt.
_AFTER_BACKOFF = """not_before = now() + make_interval(
            secs => least(60, power(2, attempt - attempt_base - 1)) * :backoff_seconds)"""

_RETRY = _losing(f"""
    UPDATE calculations
    SET {_appending("CAST(:outcome AS text)")},
        status = 'queued', worker_id = NULL, lease_until = NULL, started_at = NULL, progress = 0,
        published_at = NULL, {_AFTER_BACKOFF}
    WHERE id = :id AND attempt = :attempt AND status = 'running' AND worker_id = :worker_id
      AND NOT cancel_requested""")

_FINISH_SUCCEEDED = Prepared(
    "finish_attempt",
    (
        "uuid",
        "integer",
        "uuid",
        "double precision",
        "bigint",
        "text",
        "text",
        "bigint",
        "text",
        "text",
        "text",
        "text",
        "text",
        "bytea",
        "boolean",
    ),
    f"""
    UPDATE calculations
    SET {_appending("'succeeded'")},
        status = 'succeeded', progress = 1, worker_id = NULL, lease_until = NULL,
        cancel_requested = false, finished_at = now(), compute_seconds = $4,
        peak_bytes = $5, result_kind = $6, result_media_type = $7,
        result_digits = CASE WHEN $6 = 'digits' THEN $8 END,
        result_length = CASE WHEN $6 <> 'digits' THEN $8 END,
        result_sha256 = $9, result_head = $10, result_tail = $11, result_check = $12,
        result_value = $13, result_bytes = $14,
        result_attempt = CASE WHEN NOT $15 THEN attempt END
    WHERE id = $1 AND attempt = $2 AND status = 'running' AND worker_id = $3
    RETURNING id, {NOTIFYING_CHANGED}""",
)

_FINISH_FAILED = _losing(f"""
    UPDATE calculations
    SET {_appending("CAST(:error AS jsonb) ->> 'type'")},
        status = 'failed', worker_id = NULL, lease_until = NULL, cancel_requested = false,
        finished_at = now(), error = CAST(:error AS jsonb)
    WHERE id = :id AND attempt = :attempt AND status = 'running' AND worker_id = :worker_id""")

_FINISH_CANCELLED = _losing(f"""
    UPDATE calculations
    SET {_appending("'cancelled'")},
        status = 'cancelled', worker_id = NULL, lease_until = NULL, cancel_requested = false,
        finished_at = now(), error = CAST(:error AS jsonb)
    WHERE id = :id AND attempt = :attempt AND status = 'running' AND worker_id = :worker_id
      AND cancel_requested""")

_EXPIRE = _losing(f"""
    UPDATE calculations
    SET {_appending("'lost'")},
        status = verdict.status,
        error = CASE verdict.status WHEN 'failed' THEN CAST(:failed_error AS jsonb)
                                    WHEN 'cancelled' THEN CAST(:cancelled_error AS jsonb) END,
        finished_at = CASE WHEN verdict.status <> 'queued' THEN now() END,
        started_at = CASE WHEN verdict.status <> 'queued' THEN started_at END,
        progress = CASE WHEN verdict.status <> 'queued' THEN progress ELSE 0 END,
        worker_id = NULL, lease_until = NULL, cancel_requested = false,
        published_at = CASE WHEN verdict.status <> 'queued' THEN published_at END,
        {_AFTER_BACKOFF}
    FROM (
        SELECT id, CASE WHEN cancel_requested THEN 'cancelled'
                        WHEN attempt - attempt_base >= :max_attempts THEN 'failed'
                        ELSE 'queued' END AS status
        FROM calculations
        WHERE status = 'running' AND lease_until < now()
        ORDER BY lease_until LIMIT :limit
        FOR UPDATE SKIP LOCKED) AS verdict
    WHERE calculations.id = verdict.id""")


class Expired(NamedTuple):
    """A calculation whose lease has run out, and its status since."""

    calculation_id: UUID
    status: str
    function: str


def release_calculation(connection: Connection, claim: Claim, *, worker_id: UUID) -> bool:
    """Return a claim to the outbox without counting its attempt; False if it was lost."""
    return _touched(connection, _RELEASE, claim, worker_id)


def retry_calculation(
    connection: Connection, claim: Claim, outcome: str, *, worker_id: UUID, backoff_seconds: float
) -> bool:
    """Count the attempt, record its outcome, and queue it again after a pause.

    False if the claim was lost or the calculation is to be cancelled.
    """
    return _touched(
        connection, _RETRY, claim, worker_id, outcome=outcome, backoff_seconds=backoff_seconds
    )


def finish_succeeded(
    connection: Connection, claim: Claim, result: Result, *, worker_id: UUID
) -> bool:
    """Store the result, and notify of it; False if the claim was lost."""
    values = (
        str(claim.calculation_id),
        claim.attempt,
        str(worker_id),
        result.compute_seconds,
        result.peak_bytes,
        str(result.kind),
        result.media_type,
        result.length,
        result.sha256,
        result.head,
        result.tail,
        result.check,
        result.text_in_row,
        result.bytes_in_row,
        result.is_in_row,
    )
    return Query(_FINISH_SUCCEEDED, values, _is_any).on(connection)


def _is_any(rows: Rows) -> bool:
    return any(True for _ in rows)


def finish_failed(
    connection: Connection, claim: Claim, error_json: str, *, worker_id: UUID
) -> bool:
    """Store why it failed; False if the claim was lost."""
    return _touched(connection, _FINISH_FAILED, claim, worker_id, error=error_json)


def finish_cancelled(
    connection: Connection, claim: Claim, error_json: str, *, worker_id: UUID
) -> bool:
    """Store that it was cancelled; False if the claim was lost or the cancel withdrawn."""
    return _touched(connection, _FINISH_CANCELLED, claim, worker_id, error=error_json)


def expire_leases(
    connection: Connection,
    *,
    max_attempts: int,
    backoff_seconds: float,
    failed_error_json: str,
    cancelled_error_json: str,
    limit: int,
) -> list[Expired]:
    """End attempts whose lease has run out; return what became of them.

    Those with attempts left are queued again, after a pause that doubles with each attempt.
    """
    rows = connection.execute(
        _EXPIRE,
        {
            "max_attempts": max_attempts,
            "backoff_seconds": backoff_seconds,
            "failed_error": failed_error_json,
            "cancelled_error": cancelled_error_json,
            "limit": limit,
        },
    )
    return [Expired(*row) for row in rows]


def _touched(
    connection: Connection, statement: TextClause, claim: Claim, worker_id: UUID, **values: object
) -> bool:
    parameters = {
        "id": claim.calculation_id,
        "attempt": claim.attempt,
        "worker_id": worker_id,
        **values,
    }
    return connection.execute(statement, parameters).one_or_none() is not None
