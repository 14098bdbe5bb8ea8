"""Filters of calculations, and how the newest that match are found.

A stream is what one function has in one lane and one status: a stretch of the index
`calculations_list`, newest first. A filter selects streams, whose newest are merged.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from shared.calculation import Lane, Status

#: All functions that have calculations, each found by one step through the index.
STORED_FUNCTIONS = """
    stored (function) AS (
        (SELECT function FROM calculations ORDER BY function LIMIT 1)
        UNION ALL
        SELECT (SELECT calculations.function FROM calculations
                WHERE calculations.function > stored.function ORDER BY 1 LIMIT 1)
        FROM stored WHERE stored.function IS NOT NULL)"""

_ONE_FUNCTION = "stored (function) AS (SELECT CAST(:function AS text))"

#: The newest of each stream of some statuses. The index has all that is read here.
_STREAMS = """
    SELECT page.id, page.created_at
    FROM stored, unnest(CAST(:lanes AS text[])) AS lanes (lane),
         unnest(CAST(:{statuses} AS text[])) AS statuses (status), LATERAL (
        SELECT id, created_at FROM calculations
        WHERE calculations.function = stored.function AND calculations.lane = lanes.lane
          AND calculations.status = statuses.status AND {conditions}
        ORDER BY created_at DESC, id DESC LIMIT :limit) AS page"""

_NEWEST = (
    _STREAMS
    + """
    ORDER BY page.created_at DESC, page.id DESC LIMIT :limit"""
)


class IdRange(NamedTuple):
    """The ids that begin alike, from the first that may exist to the last."""

    first: UUID
    last: UUID


#: Ids that begin alike are few, but the planner does not know how few: it looks at nothing else.
OF_IDS = """
    found AS MATERIALIZED (
        SELECT {columns} FROM calculations WHERE id BETWEEN :first_id AND :last_id)"""

_SELECTED = """
    (CAST(:function AS text) IS NULL OR function = :function)
    AND lane = ANY (CAST(:lanes AS text[])) AND status = ANY (CAST(:statuses AS text[]))
    AND {window}"""


@dataclass(frozen=True, slots=True)
class Filters:
    """What calculations must have in common; None: anything. `created_after` is inclusive."""

    status: Status | None = None
    function: str | None = None
    lane: Lane | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    ids: IdRange | None = None

    @property
    def functions(self) -> str:
        """The common table expression `stored`, of the functions whose streams are read."""
        return STORED_FUNCTIONS if self.function is None else _ONE_FUNCTION

    @property
    def lanes(self) -> list[Lane]:
        """The lanes that calculations may have."""
        return list(Lane) if self.lane is None else [self.lane]

    def newest(self, statuses: str, condition: str) -> str:
        """Return a query of up to `limit` newest ids with their times, which needs `functions`.

        `statuses` names a value of the statement; `condition` is on columns of the index.
        """
        return self._of_streams(_NEWEST, statuses, condition)

    def streams(self, statuses: str) -> str:
        """Return a query of up to `limit` of each stream, one stream after the other."""
        return self._of_streams(_STREAMS, statuses, "true")

    def _of_streams(self, query: str, statuses: str, condition: str) -> str:
        assert self.ids is None, "ids are no part of a stream: a few are found by the primary key"
        return query.format(statuses=statuses, conditions=f"{condition} AND {self.window}")

    @property
    def selected(self) -> str:
        """The conditions on rows that were found by their ids; `statuses` is a value."""
        return _SELECTED.format(window=self.window)

    @property
    def window(self) -> str:
        """The condition on the time of creation."""
        conditions = ["true"]
        if self.created_after is not None:
            conditions.append("created_at >= :created_after")
        if self.created_before is not None:
            conditions.append("created_at < :created_before")
        return " AND ".join(conditions)

    def values(self) -> dict[str, Any]:
        """Return what such a query takes from the filters."""
        return {
            "function": self.function,
            "lanes": self.lanes,
            "created_after": self.created_after,
            "created_before": self.created_before,
            "first_id": self.ids and self.ids.first,
            "last_id": self.ids and self.ids.last,
        }

    def among(self, statuses: tuple[Status, ...]) -> list[Status]:
        """Return those of these statuses that calculations may have."""
        return [status for status in statuses if self.status in (None, status)]
