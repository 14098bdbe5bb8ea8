"""Calculations as they may have ended, written by SQL: nobody has to compute them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Engine, text

from tests.integration.results_of_any_kind import insert_result_of

_INSERT = """
    INSERT INTO calculations (id, function, version, arguments, arguments_text, lane, {names})
    VALUES (:id, :function, 1, CAST(:arguments AS jsonb), :arguments, 'heavy', {values})"""


def path_of(identity: UUID) -> str:
    """Return the path of the page of a calculation."""
    return f"/console/calculations/{identity}"


def store_result(engine: Engine, kind: str, data: bytes, **options: Any) -> UUID:
    """Store one that has succeeded with these bytes; return its id."""
    with engine.begin() as connection:
        return insert_result_of(connection, kind, data, **options)


def change(engine: Engine, identity: UUID, columns: str) -> None:
    """Set columns of one; `columns` is SQL."""
    with engine.begin() as connection:
        connection.execute(
            text(f"UPDATE calculations SET {columns} WHERE id = :id"), {"id": identity}
        )


def store_ended(
    engine: Engine,
    status: str,
    reason: str,
    title: str,
    *,
    function: str = "fibonacci",
    arguments: Mapping[str, Any],
    detail: str = "",
    details: Mapping[str, Any] | None = None,
    history: Sequence[tuple[str, float, float]] = (),
    attempts: int = 1,
    **columns: str,
) -> UUID:
    """Store one without a result; return its id.

    `history` has the outcome of the latest attempts, and how many seconds before the end each began
    and ended. Other columns are SQL.
    """
    identity = uuid4()
    first = max(1, attempts - len(history) + 1)
    error = {"type": f"urn:reckoner:problem:{reason}", "title": title, "detail": detail}
    entries = [
        f"""jsonb_build_object('attempt', {number}, 'outcome', '{outcome}', 'worker',
            gen_random_uuid(), 'began_at', now() - interval '{began} s',
            'ended_at', now() - interval '{ended} s')"""
        for number, (outcome, began, ended) in enumerate(history, start=first)
    ]
    given = {
        "status": f"'{status}'",
        "error": "CAST(:error AS jsonb)",
        "attempt": str(attempts),
        "created_at": "now() - interval '2 min'",
        "started_at": f"now() - interval '{history[-1][1] if history else 1} s'",
        "finished_at": "now()",
        "history": f"jsonb_build_array({', '.join(entries)})",
        **columns,
    }
    statement = _INSERT.format(names=", ".join(given), values=", ".join(given.values()))
    values = {
        "id": identity,
        "function": function,
        "arguments": json.dumps(arguments, sort_keys=True, separators=(",", ":")),
        "error": json.dumps(error if details is None else {**error, "details": details}),
    }
    with engine.begin() as connection:
        connection.execute(text(statement), values)
    return identity
