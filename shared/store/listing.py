"""The statement behind the list of calculations, with any of its filters."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from shared.calculation import Status
from shared.store.calculations import DOCUMENT_COLUMNS, Row

#: A page that takes longer is answered with an error; clients would have given up.
_TIME_LIMIT = text("SET LOCAL statement_timeout = '5s'")

#: All functions that have calculations, each found by one step through the index.
STORED_FUNCTIONS = """
    WITH RECURSIVE stored (function) AS (
        (SELECT function FROM calculations ORDER BY function LIMIT 1)
        UNION ALL
        SELECT (SELECT calculations.function FROM calculations
                WHERE calculations.function > stored.function ORDER BY 1 LIMIT 1)
        FROM stored WHERE stored.function IS NOT NULL)"""

#: The newest of each function, merged. Calculations that have not succeeded have their own index.
_MERGED = (
    STORED_FUNCTIONS
    + """
    SELECT page.* FROM stored JOIN LATERAL (
        SELECT {columns} FROM calculations
        WHERE calculations.function = stored.function AND {conditions}
        ORDER BY created_at DESC, id DESC LIMIT :limit) AS page ON true
    WHERE {of_function}
    ORDER BY page.created_at DESC, page.id DESC LIMIT :limit"""
)

_UNSUCCEEDED = """
    SELECT {columns} FROM calculations
    WHERE {of_function} AND status <> 'succeeded' AND {conditions}
    ORDER BY created_at DESC, id DESC LIMIT :limit"""


def list_calculations(
    connection: Connection,
    *,
    status: Status | None,
    function: str | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Row]:
    """Return up to `limit` rows, newest first, after the keyset position `before`."""
    conditions = ["true"]
    values: dict[str, Any] = {"limit": limit}
    if status is not None:
        # Part of the text, not a parameter: the planner must see that the partial index serves it.
        conditions.append(f"status = '{status.value}'")
    if before is not None:
        conditions.append("(created_at, id) < (:before_created_at, :before_id)")
        values["before_created_at"], values["before_id"] = before
    of_function = "true"
    if function is not None:
        of_function = "function = :function"
        values["function"] = function
    is_merged = status is None or status is Status.SUCCEEDED
    if is_merged and function is not None:
        of_function = "stored.function = :function"
    statement = (_MERGED if is_merged else _UNSUCCEEDED).format(
        columns=DOCUMENT_COLUMNS, conditions=" AND ".join(conditions), of_function=of_function
    )
    connection.execute(_TIME_LIMIT)
    return list(map(Row._make, connection.execute(text(statement), values)))
