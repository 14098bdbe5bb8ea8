"""Statements of the quick workers, which write whole batches and hold no claim."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from shared.store.rows import FinishedResult, uuid_array

_FINISH_SUCCEEDED = text("""
    UPDATE calculations
    SET status = 'succeeded', progress = 1, attempt = calculations.attempt + 1,
        finished_at = now(), started_at = now() - make_interval(secs => done.compute_seconds),
        compute_seconds = done.compute_seconds, result_digits = done.digits,
        result_sha256 = done.sha256, result_head = done.head, result_tail = done.tail,
        result_value = done.value,
        result_attempt = CASE WHEN done.value IS NULL THEN calculations.attempt + 1 END
    FROM json_to_recordset(CAST(:rows AS json))
         AS done (id uuid, digits bigint, sha256 text, head text, tail text, value text,
                  compute_seconds double precision)
    WHERE calculations.id = done.id AND (status = 'queued') IS TRUE
    RETURNING calculations.id, calculations.attempt, calculations.published_at""")

_FINISH_FAILED = text("""
    UPDATE calculations
    SET status = 'failed', attempt = calculations.attempt + 1, started_at = now(),
        finished_at = now(), error = failed.error
    FROM unnest(CAST(:ids AS uuid[]), CAST(:errors AS jsonb[])) AS failed (id, error)
    WHERE calculations.id = failed.id AND (status = 'queued') IS TRUE
    RETURNING calculations.id""")

_MOVE_TO_HEAVY = text("""
    UPDATE calculations SET lane = 'heavy', published_at = NULL, not_before = now()
    WHERE id = ANY (CAST(:ids AS uuid[])) AND (status = 'queued') IS TRUE AND lane = 'quick'
    RETURNING id""")


@dataclass(frozen=True, slots=True)
class QuickSuccess:
    """A quick calculation's result with all its digits."""

    calculation_id: UUID
    result: FinishedResult
    digits: str


def finish_quick_succeeded(
    connection: Connection, successes: Sequence[QuickSuccess]
) -> list[tuple[UUID, int, datetime | None]]:
    """Commit results of those still queued.

    Return each with the attempt that it was and when its message had been published.
    """
    rows = connection.execute(
        _FINISH_SUCCEEDED,
        {
            "rows": json.dumps(
                [
                    {
                        "id": str(success.calculation_id),
                        "digits": success.result.digits,
                        "sha256": success.result.sha256,
                        "head": success.result.head,
                        "tail": success.result.tail,
                        "value": success.result.value,
                        "compute_seconds": success.result.compute_seconds,
                    }
                    for success in successes
                ]
            )
        },
    )
    return [(row.id, row.attempt, row.published_at) for row in rows]


def finish_quick_failed(connection: Connection, errors_json: Mapping[UUID, str]) -> set[UUID]:
    """Note why those still queued failed; return their ids."""
    rows = connection.execute(
        _FINISH_FAILED,
        {
            "ids": uuid_array(errors_json),
            "errors": list(errors_json.values()),
        },
    )
    return set(rows.scalars())


def move_to_heavy(connection: Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Have the other lane compute those still queued, unpublished as yet; return their ids."""
    moved = connection.execute(_MOVE_TO_HEAVY, {"ids": uuid_array(ids)})
    return set(moved.scalars())
