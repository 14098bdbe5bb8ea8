"""Statements that cancel many calculations.

None of them waits for a lock while it holds another, so they cannot deadlock with anything. Rows
that are locked are left for later: the relay keeps those that it publishes locked until RabbitMQ
confirms, and a worker for a moment those that it claims or finishes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from shared.calculation import Status
from shared.postgres.outages import is_lock_timeout
from shared.postgres.prepared import uuid_array
from shared.store.selection.filters import Filters

#: Those that can still be cancelled.
UNFINISHED = (Status.QUEUED, Status.RUNNING)

#: A call takes no longer than this, like a page of the list.
_TIME_LIMIT = text("SET LOCAL statement_timeout = '5s'")

#: The first that match, and where to go on after those that were looked at.
_FIND = """
    WITH RECURSIVE {functions},
    looked_at AS ({newest}),
    matching AS (
        SELECT looked_at.created_at, looked_at.id FROM looked_at
        JOIN calculations USING (id)
        WHERE NOT cancel_requested AND {is_submitted_by}
        ORDER BY looked_at.created_at DESC, looked_at.id DESC LIMIT :most + 1)
    SELECT created_at, id, true AS is_match FROM matching
    UNION ALL
    (SELECT created_at, id, false FROM looked_at
     ORDER BY created_at DESC, id DESC OFFSET :limit - 1)
    ORDER BY created_at DESC, id DESC, is_match"""

_FIND_IDS = text("""
    SELECT created_at, id FROM calculations
    WHERE id = ANY (CAST(:ids AS uuid[])) AND (status IN ('queued', 'running')) IS TRUE
      AND NOT cancel_requested
    ORDER BY id LIMIT :most + 1""")

#: They may have changed since they were found.
_STILL_MATCH = """
    id = ANY (CAST(:ids AS uuid[])) AND (status = ANY (CAST(:statuses AS text[]))) IS TRUE
    AND lane = ANY (CAST(:lanes AS text[])) AND NOT cancel_requested"""

_CANCEL = text(f"""
    UPDATE calculations
    SET status = CASE status WHEN 'queued' THEN 'cancelled' ELSE status END,
        finished_at = CASE status WHEN 'queued' THEN now() END,
        error = CASE status WHEN 'queued' THEN CAST(:error AS jsonb) END,
        cancel_requested = (status = 'running'), cancelled_by = :key_name
    WHERE id IN (SELECT id FROM calculations WHERE {_STILL_MATCH}
                 ORDER BY id FOR UPDATE SKIP LOCKED)
    RETURNING id, function, lane, status""")

_FIND_LEFT = text(f"SELECT id FROM calculations WHERE {_STILL_MATCH}")

_LOCK_TIMEOUT = text("SET LOCAL lock_timeout = '1s'")
_LOCK = text("SELECT FROM calculations WHERE id = :id FOR UPDATE")


class Place(NamedTuple):
    """Where a calculation stands: among those of a filter newest first, among ids by its id."""

    created_at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Found:
    """Calculations to cancel, in their order, and the place of the first that is left for later."""

    places: list[Place]
    following: Place | None


class Changed(NamedTuple):
    """A calculation that is cancelled, or, while it is running, going to be by its worker."""

    id: UUID
    function: str
    lane: str
    status: str


def find_matching(
    connection: Connection,
    filters: Filters,
    submitted_by: str | None,
    *,
    start: Place | None,
    most: int,
    most_looked_at: int,
) -> Found:
    """Return up to `most` that are unfinished and match, newest first, beginning at `start`.

    The key of the name `submitted_by` has submitted them: the only condition for which rows are
    read, up to `most_looked_at`.
    """
    values = filters.values() | {
        "statuses": filters.among(UNFINISHED),
        "limit": (most if submitted_by is None else most_looked_at) + 1,
        "most": most,
        "submitted_by": submitted_by,
    }
    from_start = "true"
    if start is not None:
        from_start = "(created_at, id) <= (:start_created_at, :start_id)"
        values["start_created_at"], values["start_id"] = start
    statement = _FIND.format(
        functions=filters.functions,
        newest=filters.newest("statuses", from_start),
        is_submitted_by="true" if submitted_by is None else "submitted_by = :submitted_by",
    )
    connection.execute(_TIME_LIMIT)
    places: list[Place] = []
    for created_at, identity, is_match in connection.execute(text(statement), values):
        place = Place(created_at, identity)
        if not is_match or len(places) == most:
            return Found(places, place)
        places.append(place)
    return Found(places, None)


def find_unfinished(
    connection: Connection, ids: Sequence[UUID], *, start: Place | None, most: int
) -> Found:
    """Return up to `most` of these ids that are unfinished, in the order of ids, from `start`."""
    ids = [identity for identity in ids if start is None or identity >= start.id]
    rows = connection.execute(_FIND_IDS, {"ids": uuid_array(ids), "most": most})
    places = [Place(created_at, identity) for created_at, identity in rows]
    return Found(places[:most], places[most] if len(places) > most else None)


def cancel_calculations(
    connection: Connection,
    ids: Sequence[UUID],
    filters: Filters,
    error_json: str,
    key_name: str | None,
) -> tuple[list[Changed], set[UUID]]:
    """Cancel those that are queued, and request that workers cancel those that are running.

    Return them, and the ids of those that match the filters as before and are locked.
    """
    values = {
        "ids": uuid_array(ids),
        "statuses": filters.among(UNFINISHED),
        "lanes": filters.lanes,
    }
    rows = connection.execute(_CANCEL, {**values, "error": error_json, "key_name": key_name})
    changed = [Changed(*row) for row in rows]
    if len(changed) == len(ids):
        return changed, set()
    return changed, set(connection.execute(_FIND_LEFT, values).scalars())


def wait_until_unlocked(connection: Connection, calculation_id: UUID) -> bool:
    """Wait up to a second until nobody holds this row; say whether nobody does."""
    connection.execute(_LOCK_TIMEOUT)
    try:
        with connection.begin_nested():
            connection.execute(_LOCK, {"id": calculation_id})
    except DBAPIError as error:
        if not is_lock_timeout(error):
            raise
        return False
    return True
