"""Calculations that stand in PostgreSQL as a test wants them, without a worker."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

from shared.calculation import Lane, calculation_id
from shared.failures import CANCELLED_JSON
from shared.store.notifications import notify_changed

_INSERT = text("""
    INSERT INTO calculations (
        id, function, version, arguments, arguments_text, status, lane, progress, attempt,
        estimate_seconds, created_at, started_at, finished_at, compute_seconds, lease_until,
        worker_id, published_at, error, result_kind, result_length, result_digits, result_sha256,
        result_head, result_tail, result_value, result_check)
    SELECT :id, :function, 1, CAST('{}' AS jsonb), :arguments, :status, :lane, :progress,
           CASE WHEN :status = 'running' THEN 1 ELSE 0 END, :estimate,
           now() - make_interval(secs => :age),
           CASE WHEN :status <> 'queued' THEN now() - make_interval(secs => :age - 1) END,
           CASE WHEN :status NOT IN ('queued', 'running') THEN now() END,
           CASE WHEN :status IN ('succeeded', 'failed') THEN CAST(:seconds AS double precision) END,
           CASE WHEN :status = 'running' THEN now() + interval '1 hour' END,
           CASE WHEN :status = 'running' THEN gen_random_uuid() END,
           now(), CAST(:error AS jsonb), kind, length, length, sha256, '1', '1',
           CASE WHEN kind IS NOT NULL THEN '1' END, CASE WHEN kind IS NOT NULL THEN 'residue' END
    FROM (SELECT CASE WHEN :status = 'succeeded' THEN 'digits' END AS kind,
                 CASE WHEN :status = 'succeeded' THEN CAST(:length AS bigint) END AS length,
                 CASE WHEN :status = 'succeeded' THEN repeat('0', 64) END AS sha256) AS result""")

_FAILED = json.dumps(
    {
        "type": "urn:reckoner:problem:memory-limit",
        "title": "Memory limit exceeded",
        "detail": "The calculation needed more memory than it may have.",
    }
)

#: Each status, with what a calculation of it has besides.
_ERRORS = {"failed": _FAILED, "cancelled": CANCELLED_JSON}


def store(engine: Engine, status: str = "queued", **given: Any) -> str:
    """Insert a calculation, and notify of nothing, like a submission; return its id."""
    values = _values(status, given)
    with engine.begin() as connection:
        connection.execute(_INSERT, values)
    return str(values["id"])


def _values(status: str, given: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "function": "fibonacci",
        "arguments": {"n": 1_000},
        "lane": Lane.HEAVY,
        "progress": 1.0 if status == "succeeded" else 0.0,
        "estimate": 2.5,
        "age": 0.0,
        "seconds": 1.25,
        "length": 209,
        **given,
    }
    written = json.dumps(values["arguments"], separators=(",", ":"), sort_keys=True)
    return values | {
        "id": calculation_id(values["function"], 1, written),
        "status": status,
        "arguments": written,
        "error": _ERRORS.get(status),
    }


def change(engine: Engine, identity: str, assignments: str) -> None:
    """Change a calculation, and notify of it, like a worker."""
    with engine.begin() as connection:
        connection.execute(
            text(f"UPDATE calculations SET {assignments} WHERE id = :id"), {"id": identity}
        )
        notify_changed(connection, [UUID(identity)])


#: What a worker does.
BEGIN = (
    "status = 'running', attempt = attempt + 1, started_at = now(),"
    " lease_until = now() + interval '1 hour', worker_id = gen_random_uuid()"
)
SUCCEED = (
    "status = 'succeeded', progress = 1, finished_at = now(), compute_seconds = 1.5,"
    " lease_until = NULL, worker_id = NULL, result_kind = 'digits', result_length = 3,"
    " result_digits = 3, result_sha256 = repeat('0', 64), result_head = '144', result_tail = '144',"
    " result_value = '144', result_check = 'residue'"
)


def clear(engine: Engine) -> None:
    """Remove all calculations."""
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM calculations"))


def store_many(engine: Engine, count: int, status: str, *, first: int = 100_000) -> list[str]:
    """Insert Fibonacci numbers from `first` on, a second apart; return the ids, newest first."""
    rows = [_values(status, {"arguments": {"n": first + n}, "age": n}) for n in range(count)]
    with engine.begin() as connection:
        connection.execute(_INSERT, rows)
    return [str(row["id"]) for row in rows]
