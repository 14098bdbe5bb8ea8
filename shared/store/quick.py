"""Statements of the quick workers, which write results in batches and hold no claim."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from reckoner.authoring.results.kinds import ResultKind
from shared.postgres.prepared import Prepared, Query, Rows, uuid_array
from shared.result import Result
from shared.store.notifications import CHANGED, IDS_PER_PAYLOAD
from shared.store.results.result_members import in_base64, result_members

#: The end of a query that writes: it sends a notification for every IDS_PER_PAYLOAD calculations
#: that were written, and returns a row for each notification.
_NOTIFYING = f"""
    SELECT array_agg(id) AS ids, max(published_at) AS published_at, array_agg(waited_seconds),
           pg_notify('{CHANGED}', string_agg(replace(id::text, '-', ''), ','))
    FROM (SELECT id, published_at, waited_seconds,
                 (row_number() OVER () - 1) / {IDS_PER_PAYLOAD} AS part
          FROM written) AS numbered
    GROUP BY part"""

#: From when a calculation was accepted, or was due again, until it started.
_WAITED = "greatest(0, extract(epoch FROM started_at - not_before))::float AS waited_seconds"

#: Writes results with their chunks and notifies the gateways, in one round trip.
_FINISH_SUCCEEDED = Prepared(
    "finish_succeeded",
    ("json", "uuid[]", "integer[]", "text[]"),
    f"""
    WITH written AS (
        UPDATE calculations
        SET status = 'succeeded', progress = 1, attempt = calculations.attempt + 1,
            finished_at = now(), started_at = now() - make_interval(secs => done.compute_seconds),
            compute_seconds = done.compute_seconds, result_kind = done.kind,
            result_media_type = done.media_type,
            result_digits = CASE WHEN done.kind = 'digits' THEN done.length END,
            result_length = CASE WHEN done.kind <> 'digits' THEN done.length END,
            result_sha256 = done.sha256, result_head = done.head, result_tail = done.tail,
            result_check = done.check, result_value = done.value,
            result_bytes = decode(done.data, 'base64'),
            result_attempt = CASE WHEN done.value IS NULL AND done.data IS NULL
                                  THEN calculations.attempt + 1 END
        FROM json_to_recordset($1)
             AS done (id uuid, kind text, length bigint, sha256 text, head text, tail text,
                      "check" text, value text, data text, media_type text,
                      compute_seconds double precision)
        WHERE calculations.id = done.id AND (status = 'queued') IS TRUE
        RETURNING calculations.id, calculations.attempt, calculations.published_at, {_WAITED},
                  result_kind = 'digits' AS is_digits),
    stored AS (
        INSERT INTO result_chunks (calculation_id, attempt, ordinal, digits, data)
        SELECT id, attempt, ordinal, CASE WHEN is_digits THEN chunk END,
               CASE WHEN NOT is_digits THEN decode(chunk, 'base64') END
        FROM unnest($2, $3, $4) AS long (id, ordinal, chunk)
        JOIN written USING (id))
    {_NOTIFYING}""",
)

_FINISH_FAILED = text(f"""
    WITH written AS (
        UPDATE calculations
        SET status = 'failed', attempt = calculations.attempt + 1, started_at = now(),
            finished_at = now(), error = failed.error
        FROM unnest(CAST(:ids AS uuid[]), CAST(:errors AS jsonb[])) AS failed (id, error)
        WHERE calculations.id = failed.id AND (status = 'queued') IS TRUE
        RETURNING calculations.id, calculations.published_at, {_WAITED})
    {_NOTIFYING}""")

_MOVE_TO_HEAVY = text("""
    UPDATE calculations SET lane = 'heavy', published_at = NULL, not_before = now()
    WHERE id = ANY (CAST(:ids AS uuid[])) AND (status = 'queued') IS TRUE AND lane = 'quick'
    RETURNING id""")


@dataclass(frozen=True, slots=True)
class Written:
    """The calculations that were still queued, and when the latest of them was published.

    `waited_seconds` says of each, in any order, how long it had waited until it was started.
    """

    ids: set[UUID]
    published_at: datetime | None
    waited_seconds: Sequence[float] = field(default=(), compare=False)


def finish_quick_succeeded(connection: Connection, results: Mapping[UUID, Result]) -> Written:
    """Store results of those still queued, and notify the gateways."""
    long = [
        (identity, ordinal, _in_text(result.kind, chunk))
        for identity, result in results.items()
        for ordinal, chunk in enumerate(result.chunks())
    ]
    values = (
        json.dumps([_members(identity, result) for identity, result in results.items()]),
        uuid_array(identity for identity, _, _ in long),
        [ordinal for _, ordinal, _ in long],
        [chunk for _, _, chunk in long],
    )
    return Query(_FINISH_SUCCEEDED, values, _written).on(connection)


def finish_quick_failed(connection: Connection, errors_json: Mapping[UUID, str]) -> Written:
    """Store why those still queued failed, and notify the gateways."""
    values = {"ids": uuid_array(errors_json), "errors": list(errors_json.values())}
    return _written(connection.execute(_FINISH_FAILED, values))


def _members(calculation_id: UUID, result: Result) -> dict[str, Any]:
    return {"id": str(calculation_id), **result_members(result)}


def _in_text(kind: ResultKind, chunk: bytes) -> str:
    """Return a chunk as the statement takes it: digits as they are, all others in base64."""
    return chunk.decode("ascii") if kind is ResultKind.DIGITS else in_base64(chunk)


def _written(parts: Rows) -> Written:
    ids: set[UUID] = set()
    moments: set[datetime | None] = set()
    waited: list[float] = []
    for some, published_at, seconds, _ in parts:
        ids.update(some)
        moments.add(published_at)
        waited += seconds
    return Written(ids, max((moment for moment in moments if moment), default=None), waited)


def move_to_heavy(connection: Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Move those still queued to the heavy lane, to be published again; return their ids."""
    moved = connection.execute(_MOVE_TO_HEAVY, {"ids": uuid_array(ids)})
    return set(moved.scalars())
