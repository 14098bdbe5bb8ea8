"""Statements on the rows of `calculations` that the gateway needs.

Many rows travel as one JSON text: PostgreSQL reads it in half the time of as many arrays, each of
whose elements psycopg2 writes into the statement.

What exists is left out before ON CONFLICT would: that waits for whoever has changed the row and
not committed, and the relay does so while RabbitMQ confirms.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, CursorResult, text

from shared.calculation import Calculation, Status
from shared.store.notifications import OUTBOX
from shared.store.queries import Prepared, Query, Rows
from shared.store.rows import FinishedResult, uuid_array

#: One row of `calculations` by its columns' names.
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class New:
    """A calculation to store, with its result if it was computed already."""

    calculation: Calculation
    result: FinishedResult | None
    request_id: str


#: A row's columns that make its document.
DOCUMENT_COLUMNS = """id, function, version, arguments, status, lane, progress, attempt,
    created_at, started_at, finished_at, compute_seconds, estimate_seconds, estimate_digits,
    estimate_bytes, cancel_requested, result_digits, result_sha256, result_head, result_tail,
    result_value, result_attempt, result_pruned_at, error, history"""

_DOCUMENT_NAMES = DOCUMENT_COLUMNS.replace(",", " ").split()

_INSERT_QUEUED = text("""
    INSERT INTO calculations (id, function, version, arguments, status, lane, estimate_seconds,
                              estimate_digits, estimate_bytes, request_id)
    SELECT id, function, version, arguments, 'queued', lane, seconds, digits, bytes, :request_id
    FROM json_to_recordset(CAST(:rows AS json))
         AS new (id uuid, function text, version integer, arguments jsonb, lane text,
                 seconds double precision, digits bigint, bytes bigint)
    WHERE NOT EXISTS (SELECT FROM calculations AS there WHERE there.id = new.id)
    ON CONFLICT (id) DO NOTHING
    RETURNING id""")

_INSERT_NEW = Prepared(
    "insert_new",
    ("json", "boolean"),
    f"""
    WITH inserted AS (
        INSERT INTO calculations (id, function, version, arguments, status, lane, progress,
                                  attempt, estimate_seconds, estimate_digits, estimate_bytes,
                                  request_id, published_at, started_at, finished_at,
                                  compute_seconds, result_digits, result_sha256, result_head,
                                  result_tail, result_value, result_attempt)
        SELECT id, function, version, arguments,
               CASE WHEN is_done THEN 'succeeded' ELSE 'queued' END, lane, is_done::integer,
               is_done::integer, seconds, digits, bytes, request_id, done_at, done_at, done_at,
               compute_seconds, result_digits, sha256, head, tail, value,
               CASE WHEN is_done AND value IS NULL THEN 1 END
        FROM json_to_recordset($1)
             AS new (id uuid, function text, version integer, arguments jsonb, lane text,
                     seconds double precision, digits bigint, bytes bigint, request_id text,
                     compute_seconds double precision, result_digits bigint, sha256 text,
                     head text, tail text, value text),
             LATERAL (SELECT result_digits IS NOT NULL) AS state (is_done),
             LATERAL (SELECT CASE WHEN is_done THEN now() END) AS moment (done_at)
        WHERE NOT EXISTS (SELECT FROM calculations AS there WHERE there.id = new.id)
        ON CONFLICT (id) DO NOTHING
        RETURNING id, created_at, arguments, lane, status)
    SELECT id, created_at, arguments,
           CASE WHEN $2 AND status = 'queued' THEN pg_notify('{OUTBOX}', lane) END
    FROM inserted""",
)

_REQUEUE = text("""
    UPDATE calculations
    SET status = 'queued', lane = new.lane, progress = 0, attempt_base = attempt,
        not_before = now(), published_at = NULL, started_at = NULL, finished_at = NULL,
        compute_seconds = NULL, error = NULL, request_id = :request_id
    FROM (SELECT ended.id, new.lane
          FROM unnest(CAST(:ids AS uuid[]), CAST(:lanes AS text[])) AS new (id, lane)
          JOIN calculations AS ended ON ended.id = new.id
          WHERE (ended.status IN ('failed', 'cancelled')) IS TRUE
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

_FIND = text(f"SELECT {DOCUMENT_COLUMNS} FROM calculations WHERE id = :id")

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


def insert_queued(
    connection: Connection, calculations: Sequence[Calculation], request_id: str
) -> set[UUID]:
    """Queue those that do not exist yet; return their ids.

    They are inserted in the order of their ids, so that two batches cannot deadlock; the two
    statements below lock in the same order.
    """
    ordered = sorted(calculations, key=lambda calculation: calculation.id)
    rows = [_identity_and_estimate(calculation) for calculation in ordered]
    values = {"rows": json.dumps(rows), "request_id": request_id}
    return set(connection.execute(_INSERT_QUEUED, values).scalars())


def insert_new(new: Sequence[New], *, is_rung: bool = False) -> Query[dict[UUID, Row]]:
    """Store those that do not exist yet, as succeeded where there is a result, else queued.

    Gives their rows. They are inserted in the order of their ids, like those of a batch. With
    `is_rung` the relay is told in the same transaction, and its commit waits for others that do.
    """
    by_id = {one.calculation.id: one for one in new}

    def read(rows: Rows) -> dict[UUID, Row]:
        return {
            identity: _new_row(by_id[identity], created_at, arguments)
            for identity, created_at, arguments, _ in rows
        }

    members = [_new_members(by_id[identity]) for identity in sorted(by_id)]
    return Query(_INSERT_NEW, (json.dumps(members), is_rung), read)


def requeue_ended(
    connection: Connection, calculations: Sequence[Calculation], request_id: str
) -> set[UUID]:
    """Queue failed and cancelled ones again, with a new round of attempts; return their ids."""
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


def find_calculation(connection: Connection, calculation_id: UUID) -> Row | None:
    """Return the row that makes the document, or None."""
    return _row(connection.execute(_FIND, {"id": calculation_id}))


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
    return _row(connection.execute(_CANCEL, {"id": calculation_id, "error": error_json}))


def _identity_and_estimate(calculation: Calculation) -> dict[str, Any]:
    return {
        "id": str(calculation.id),
        "function": calculation.function.name,
        "version": calculation.function.version,
        "arguments": calculation.arguments,
        "lane": calculation.lane,
        "seconds": calculation.estimate.seconds,
        "digits": calculation.estimate.digits,
        "bytes": calculation.estimate.bytes,
    }


def _new_members(new: New) -> dict[str, Any]:
    members = _identity_and_estimate(new.calculation) | {"request_id": new.request_id}
    if new.result is not None:
        members |= {
            "compute_seconds": new.result.compute_seconds,
            "result_digits": new.result.digits,
            "sha256": new.result.sha256,
            "head": new.result.head,
            "tail": new.result.tail,
            "value": new.result.value,
        }
    return members


def _new_row(new: New, created_at: datetime, arguments: Any) -> Row:
    """Return what a look would find: most of it is known, and need not be read.

    Arguments come from PostgreSQL, which may write a number otherwise than the client did.
    """
    calculation, result = new.calculation, new.result
    is_done = result is not None
    done_at = created_at if is_done else None
    return {
        "id": calculation.id,
        "function": calculation.function.name,
        "version": calculation.function.version,
        "arguments": arguments,
        "status": str(Status.SUCCEEDED if is_done else Status.QUEUED),
        "lane": str(calculation.lane),
        "progress": float(is_done),
        "attempt": int(is_done),
        "created_at": created_at,
        "started_at": done_at,
        "finished_at": done_at,
        "compute_seconds": result.compute_seconds if result else None,
        "estimate_seconds": calculation.estimate.seconds,
        "estimate_digits": calculation.estimate.digits,
        "estimate_bytes": calculation.estimate.bytes,
        "cancel_requested": False,
        "result_digits": result.digits if result else None,
        "result_sha256": result.sha256 if result else None,
        "result_head": result.head if result else None,
        "result_tail": result.tail if result else None,
        "result_value": result.value if result else None,
        "result_attempt": 1 if result and result.value is None else None,
        "result_pruned_at": None,
        "error": None,
        "history": [],
    }


def _document_rows(rows: Rows) -> list[Row]:
    return [dict(zip(_DOCUMENT_NAMES, row, strict=True)) for row in rows]


def _row(result: CursorResult[Any]) -> Row | None:
    row = result.mappings().one_or_none()
    return None if row is None else dict(row)
