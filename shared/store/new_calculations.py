"""Statements that store new calculations.

Many rows are sent as one JSON text, which PostgreSQL reads faster than arrays (docs/decisions.md).

Rows that exist are skipped before ON CONFLICT would skip them: it waits for any transaction that
has changed the row, such as the relay's, which is open until RabbitMQ confirms.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from reckoner.authoring.results.kinds import ResultKind
from shared.calculation import Calculation, Status
from shared.json_lists import encode_list
from shared.postgres.prepared import Prepared, Query, Rows
from shared.result import Result
from shared.store.calculations import NO_DELAYS, Row
from shared.store.notifications import OUTBOX
from shared.store.results.result_members import result_members


@dataclass(frozen=True, slots=True)
class New:
    """A calculation to store, with its result if it has been computed.

    `key_name` is that of the key that submits it, `traceparent` the trace context of its request.
    In the heavy lane it is published as if it had come `delay_seconds` later.
    """

    calculation: Calculation
    result: Result | None
    request_id: str
    key_name: str | None = None
    delay_seconds: float = 0.0
    traceparent: str | None = None

    @property
    def calculation_id(self) -> UUID:
        """The id of the calculation."""
        return self.calculation.id


_INSERT_QUEUED = text("""
    INSERT INTO calculations (id, function, version, arguments, arguments_text, status, lane,
                              estimate_seconds, estimate_digits, estimate_bytes, estimate_source,
                              request_id, submitted_by, charged_seconds, charged_bytes, sort_at,
                              traceparent)
    SELECT id, function, version, CAST(arguments_text AS jsonb), arguments_text, 'queued', lane,
           seconds, digits, bytes, source, :request_id, :key_name, charged_seconds, charged_bytes,
           CASE WHEN lane = 'heavy' THEN now() + make_interval(secs => coalesce(delay, 0)) END,
           :traceparent
    FROM json_to_recordset(CAST(:rows AS json))
         AS new (id uuid, function text, version integer, arguments_text text, lane text,
                 seconds double precision, digits bigint, bytes bigint, source text,
                 charged_seconds double precision, charged_bytes bigint, delay double precision)
    WHERE NOT EXISTS (SELECT FROM calculations AS there WHERE there.id = new.id)
    ON CONFLICT (id) DO NOTHING
    RETURNING id""")

_INSERT_NEW = Prepared(
    "insert_new",
    ("json", "boolean"),
    f"""
    WITH inserted AS (
        INSERT INTO calculations (id, function, version, arguments, arguments_text, status, lane,
                                  progress, attempt, estimate_seconds, estimate_digits,
                                  estimate_bytes, estimate_source, request_id, published_at,
                                  started_at, finished_at, compute_seconds, result_kind,
                                  result_media_type, result_digits, result_length, result_sha256,
                                  result_head, result_tail, result_check, result_value,
                                  result_bytes, result_attempt, submitted_by, charged_seconds,
                                  charged_bytes, sort_at, traceparent)
        SELECT id, function, version, arguments_text::jsonb, arguments_text,
               CASE WHEN is_done THEN 'succeeded' ELSE 'queued' END, lane, is_done::integer,
               is_done::integer, seconds, digits, bytes, source, request_id, done_at, done_at,
               done_at, compute_seconds, kind, media_type,
               CASE WHEN kind = 'digits' THEN length END,
               CASE WHEN kind <> 'digits' THEN length END, sha256, head, tail, "check", value,
               decode(data, 'base64'),
               CASE WHEN is_done AND value IS NULL AND data IS NULL THEN 1 END, key_name,
               charged_seconds, charged_bytes,
               CASE WHEN lane = 'heavy' THEN now() + make_interval(secs => coalesce(delay, 0)) END,
               traceparent
        FROM json_to_recordset($1)
             AS new (id uuid, function text, version integer, arguments_text text, lane text,
                     seconds double precision, digits bigint, bytes bigint, source text,
                     request_id text, compute_seconds double precision, kind text,
                     media_type text, length bigint, sha256 text, head text, tail text,
                     "check" text, value text, data text, key_name text,
                     charged_seconds double precision, charged_bytes bigint,
                     delay double precision, traceparent text),
             LATERAL (SELECT length IS NOT NULL) AS state (is_done),
             LATERAL (SELECT CASE WHEN is_done THEN now() END) AS moment (done_at)
        WHERE NOT EXISTS (SELECT FROM calculations AS there WHERE there.id = new.id)
        ON CONFLICT (id) DO NOTHING
        RETURNING id, created_at, lane, status)
    SELECT id, created_at,
           CASE WHEN $2 AND status = 'queued' THEN pg_notify('{OUTBOX}', lane) END
    FROM inserted""",
)


def insert_queued(
    connection: Connection,
    calculations: Sequence[Calculation],
    request_id: str,
    key_name: str | None = None,
    delays: Mapping[UUID, float] = NO_DELAYS,
    traceparent: str | None = None,
) -> set[UUID]:
    """Queue those that do not exist yet; return their ids.

    The key of this name submits them, in a request with this id and trace context. In the heavy
    lane each is published as if it had come `delays` seconds later.

    They are inserted in the order of their ids, so that two batches cannot deadlock.
    `requeue_ended` and `withdraw_cancel` lock rows in the same order.
    """
    ordered = sorted(calculations, key=lambda calculation: calculation.id)
    rows = [_queued_members(calculation, delays) for calculation in ordered]
    values = {
        "rows": encode_list(rows),
        "request_id": request_id,
        "key_name": key_name,
        "traceparent": traceparent,
    }
    return set(connection.execute(_INSERT_QUEUED, values).scalars())


def insert_new(new: Sequence[New], *, wakes_relay: bool = False) -> Query[dict[UUID, Row]]:
    """Store those that do not exist yet, as succeeded where there is a result, else as queued.

    The query returns their rows by id. They are inserted in the order of their ids, as in
    `insert_queued`. With `wakes_relay` the transaction also notifies the relay, and its commit
    waits for others that notify.
    """
    by_id = {one.calculation.id: one for one in new}

    def read(rows: Rows) -> dict[UUID, Row]:
        return {identity: _new_row(by_id[identity], created_at) for identity, created_at, _ in rows}

    members = [_new_members(by_id[identity]) for identity in sorted(by_id)]
    return Query(_INSERT_NEW, (json.dumps(members), wakes_relay), read)


def _identity_and_estimate(calculation: Calculation) -> dict[str, Any]:
    estimate = calculation.estimate
    members = {
        "id": str(calculation.id),
        "function": calculation.function.name,
        "version": calculation.function.version,
        "arguments_text": calculation.arguments.text,
        "lane": calculation.lane,
        "seconds": estimate.seconds if estimate else None,
        "digits": estimate.digits if estimate else None,
        "bytes": estimate.bytes if estimate else None,
        "source": calculation.estimate_source,
    }
    # What most of them do not have is left out, and is NULL.
    if calculation.charged_seconds is not None:
        members["charged_seconds"] = calculation.charged_seconds
    if calculation.charged_bytes is not None:
        members["charged_bytes"] = calculation.charged_bytes
    return members


def _queued_members(calculation: Calculation, delays: Mapping[UUID, float]) -> dict[str, Any]:
    members = _identity_and_estimate(calculation)
    if delay := delays.get(calculation.id):
        members["delay"] = delay
    return members


def _new_members(new: New) -> dict[str, Any]:
    members = _identity_and_estimate(new.calculation) | {"request_id": new.request_id}
    if new.key_name is not None:
        members["key_name"] = new.key_name
    if new.delay_seconds:
        members["delay"] = new.delay_seconds
    if new.traceparent is not None:
        members["traceparent"] = new.traceparent
    if new.result is not None:
        members |= result_members(new.result)
    return members


def _new_row(new: New, created_at: datetime) -> Row:
    """Return the row that was inserted. Most of it is known and need not be read."""
    calculation, result = new.calculation, new.result
    function, estimate = calculation.function, calculation.estimate
    is_done = result is not None
    done_at = created_at if is_done else None
    return Row(  # in the order of its fields: so many keywords would take longer
        calculation.id,
        function.name,
        function.version,
        None,  # arguments
        str(Status.SUCCEEDED if is_done else Status.QUEUED),
        str(calculation.lane),
        float(is_done),  # progress
        int(is_done),  # attempt
        created_at,
        done_at,
        done_at,
        result.compute_seconds if result else None,
        estimate.seconds if estimate else None,
        estimate.digits if estimate else None,
        estimate.bytes if estimate else None,
        False,  # cancel_requested
        result.length if result and result.kind is ResultKind.DIGITS else None,
        result.sha256 if result else None,
        result.head if result else None,
        result.tail if result else None,
        result.text_in_row if result else None,
        1 if result and not result.is_in_row else None,  # result_attempt
        None,  # result_pruned_at
        None,  # error
        [],  # history
        calculation.arguments.text,
        calculation.estimate_source,
        None,  # peak_bytes
        str(result.kind) if result else None,
        result.media_type if result else None,
        result.length if result and result.kind is not ResultKind.DIGITS else None,
        result.bytes_in_row if result else None,
        result.check if result else None,
        new.key_name,
        None,  # cancelled_by
        created_at if result else None,  # published_at: nothing is left to publish
    )
