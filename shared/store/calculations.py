"""Statements on the rows of `calculations` that are there, as the gateway needs them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from shared.calculation import Calculation, Status
from shared.postgres.prepared import Prepared, Query, Rows
from shared.store.rows import Row, uuid_array

#: A row's columns that make its document.
DOCUMENT_COLUMNS = ", ".join(Row._fields)

#: What ended without a result, and what had one that was removed to make room.
_REQUEUE = text("""
    UPDATE calculations
    SET status = 'queued', lane = new.lane, progress = 0, attempt_base = attempt,
        not_before = now(), published_at = NULL, started_at = NULL, finished_at = NULL,
        compute_seconds = NULL, error = NULL, request_id = :request_id,
        result_digits = NULL, result_sha256 = NULL, result_head = NULL, result_tail = NULL,
        result_value = NULL, result_attempt = NULL, result_pruned_at = NULL
    FROM (SELECT ended.id, new.lane
          FROM unnest(CAST(:ids AS uuid[]), CAST(:lanes AS text[])) AS new (id, lane)
          JOIN calculations AS ended ON ended.id = new.id
          WHERE (ended.status IN ('failed', 'cancelled')
                 OR ended.status = 'succeeded' AND ended.result_pruned_at IS NOT NULL) IS TRUE
          ORDER BY ended.id FOR UPDATE OF ended) AS new
    WHERE calculations.id = new.id
    RETURNING calculations.id""")

_WITHDRAW_CANCEL = text("""
    UPDATE calculations SET cancel_requested = false
    WHERE id IN (SELECT id FROM calculations
                 WHERE id = ANY (CAST(:ids AS uuid[])) AND (status = 'running') IS TRUE
                   AND cancel_requested
                 ORDER BY id FOR UPDATE)
    RETURNING id""")

_FIND_MANY = Prepared(
    "find_calculations",
    ("uuid[]",),
    f"SELECT {DOCUMENT_COLUMNS} FROM calculations WHERE id = ANY ($1)",
)

_FIND_STATUSES = text("SELECT id, status FROM calculations WHERE id = ANY (CAST(:ids AS uuid[]))")

#: The relay locks rows while RabbitMQ confirms them, which takes long if RabbitMQ is unwell.
_SHORT_WAIT = text("SET LOCAL lock_timeout = '3s'")

_CANCEL = text(f"""
    UPDATE calculations
    SET status = CASE status WHEN 'queued' THEN 'cancelled' ELSE status END,
        finished_at = CASE status WHEN 'queued' THEN now() END,
        error = CASE status WHEN 'queued' THEN CAST(:error AS jsonb) END,
        cancel_requested = (status = 'running')
    WHERE id = :id AND status IN ('queued', 'running')
    RETURNING {DOCUMENT_COLUMNS}""")


def requeue_ended(
    connection: Connection, calculations: Sequence[Calculation], request_id: str
) -> set[UUID]:
    """Queue failed, cancelled and pruned ones again; return their ids.

    Each has a new round of attempts, and no result until it has succeeded once more.
    """
    requeued = connection.execute(
        _REQUEUE,
        {
            "ids": uuid_array(calculation.id for calculation in calculations),
            "lanes": [str(calculation.lane) for calculation in calculations],
            "request_id": request_id,
        },
    )
    return set(requeued.scalars())


def withdraw_cancel(connection: Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Take back cancels that no worker has carried out yet; return the ids they were for."""
    withdrawn = connection.execute(_WITHDRAW_CANCEL, {"ids": uuid_array(ids)})
    return set(withdrawn.scalars())


def find_calculations(ids: Sequence[UUID]) -> Query[list[Row]]:
    """Give the rows of those ids that exist."""
    return Query(_FIND_MANY, (uuid_array(ids),), _document_rows)


def find_statuses(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Status]:
    """Return the status of each known id."""
    rows = connection.execute(_FIND_STATUSES, {"ids": uuid_array(ids)})
    return {row.id: Status(row.status) for row in rows}


def cancel_calculation(connection: Connection, calculation_id: UUID, error_json: str) -> Row | None:
    """Cancel a queued one, or ask the worker of a running one; None if there is neither."""
    connection.execute(_SHORT_WAIT)
    row = connection.execute(_CANCEL, {"id": calculation_id, "error": error_json}).one_or_none()
    return None if row is None else Row._make(row)


def _document_rows(rows: Rows) -> list[Row]:
    return list(map(Row._make, rows))
