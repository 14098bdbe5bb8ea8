"""Statements that find what may be removed, oldest finished first, a page at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from shared.result import CHUNK_BYTES
from shared.store.retention.state import HAS_RESULT, RESULT_BYTES

#: Only what has been counted is removed.
_FIND_CUTOFF = text("""
    SELECT least(counted_until, now() - make_interval(secs => :older_than_seconds))
    FROM retention WHERE counted_until IS NOT NULL""")

_HOURS = text("""
    SELECT hour FROM stored_results
    WHERE hour < :until AND (results > 0 OR :with_documents) ORDER BY hour""")

_PAGE = f"""
    SELECT id, function, finished_at, {HAS_RESULT} AS has_result,
           CASE WHEN {HAS_RESULT} THEN {RESULT_BYTES} ELSE 0 END AS bytes,
           CASE WHEN {HAS_RESULT} AND result_attempt IS NOT NULL
                THEN ({RESULT_BYTES} + {CHUNK_BYTES - 1}) / {CHUNK_BYTES} ELSE 0 END AS chunks
    FROM calculations
    WHERE finished_at >= :moment AND finished_at < :end
      AND (finished_at, id) > (:moment, CAST(:id AS uuid)) AND {{conditions}}
    ORDER BY finished_at, id LIMIT :limit"""

_BEFORE_ALL = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Selection:
    """What to remove: results that finished before `until`, of a function, of more bytes.

    With `forget`, documents too, and those without a result.
    """

    until: datetime
    function: str | None = None
    larger_than_bytes: int | None = None
    forget: bool = False

    @property
    def is_of_all(self) -> bool:
        """Whether it leaves nothing behind of what finished before."""
        return self.function is None and self.larger_than_bytes is None


class Candidate(NamedTuple):
    """A final calculation, and how many bytes its result has, and in how many chunks."""

    id: UUID
    function: str
    finished_at: datetime
    has_result: bool
    bytes: int
    chunks: int


class Position(NamedTuple):
    """A place in the order of finishing."""

    moment: datetime
    id: UUID = _BEFORE_ALL


def find_cutoff(connection: Connection, older_than_seconds: float) -> datetime | None:
    """Return since when results may not be removed that are to go at this age; None: remove none.

    At the age of 0, it is until when they are counted.
    """
    moment: datetime | None = connection.execute(
        _FIND_CUTOFF, {"older_than_seconds": older_than_seconds}
    ).scalar_one_or_none()
    return moment


def list_hours(connection: Connection, selection: Selection) -> list[datetime]:
    """Return the hours in which something may be, oldest first."""
    values = {"until": selection.until, "with_documents": selection.forget}
    return list(connection.execute(_HOURS, values).scalars())


def list_candidates(
    connection: Connection, selection: Selection, after: Position, end: datetime, limit: int
) -> list[Candidate]:
    """Return up to `limit` that finished after a position and before `end`, in that order."""
    conditions = ["true"] if selection.forget else [HAS_RESULT]
    values: Mapping[str, Any] = {
        "moment": after.moment,
        "id": str(after.id),
        "end": end,
        "limit": limit,
    }
    if selection.function is not None:
        conditions.append("function = :function")
        values = {**values, "function": selection.function}
    if selection.larger_than_bytes is not None:
        conditions.append(f"{HAS_RESULT} AND {RESULT_BYTES} > :larger_than_bytes")
        values = {**values, "larger_than_bytes": selection.larger_than_bytes}
    statement = text(_PAGE.format(conditions=" AND ".join(conditions)))
    return list(map(Candidate._make, connection.execute(statement, values)))
