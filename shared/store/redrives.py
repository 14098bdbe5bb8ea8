"""Statements on `redrives`: requests to put dead letters back, which a relay carries out.

A relay that works on one says so every few seconds; where none has for a while, another takes it.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from shared.calculation import Lane

#: A relay that has said nothing for so long does not work on a request any more.
SILENT_SECONDS = 60

_INSERT = text("""
    INSERT INTO redrives (id, lane, requested_by) VALUES (:id, :lane, :requested_by)""")

_FIND_OPEN = text("""
    SELECT id FROM redrives
    WHERE finished_at IS NULL AND lane IS NOT DISTINCT FROM CAST(:lane AS text)
    ORDER BY requested_at LIMIT 1""")

_CLAIM = text("""
    UPDATE redrives SET seen_at = now()
    WHERE id IN (
        SELECT id FROM redrives
        WHERE finished_at IS NULL AND (
            seen_at IS NULL
            OR seen_at NOT BETWEEN now() - make_interval(secs => :silent_seconds) AND now())
        ORDER BY requested_at LIMIT 1
        FOR UPDATE SKIP LOCKED)
    RETURNING id, lane""")

_NOTE_MOVED = text("""
    UPDATE redrives SET seen_at = now(), moved = moved + :moved
    WHERE id = :id AND finished_at IS NULL""")

_HAND_BACK = text("""
    UPDATE redrives SET seen_at = NULL, moved = moved + :moved
    WHERE id = :id AND finished_at IS NULL""")

_FINISH = text("""
    UPDATE redrives SET finished_at = now(), fault = CAST(:fault AS text), moved = moved + :moved
    WHERE id = :id AND finished_at IS NULL""")

_LIST = text("""
    SELECT id, lane, requested_at, requested_by, seen_at, finished_at, moved, fault
    FROM redrives ORDER BY requested_at DESC LIMIT :limit""")

_PRUNE = text("""
    DELETE FROM redrives WHERE finished_at IS NOT NULL AND id NOT IN (
        SELECT id FROM redrives WHERE finished_at IS NOT NULL
        ORDER BY finished_at DESC LIMIT :kept)""")


class Claimed(NamedTuple):
    """A request that this relay carries out; without a lane, of both."""

    id: UUID
    lane: Lane | None


class Redrive(NamedTuple):
    """A request, and what has become of it."""

    id: UUID
    lane: str | None
    requested_at: datetime
    requested_by: str | None
    seen_at: datetime | None
    finished_at: datetime | None
    moved: int
    fault: str | None


def request_redrive(connection: Connection, lane: Lane | None, key_name: str | None) -> UUID:
    """Insert a request and return its id, or that of an equal one which is not finished."""
    name = None if lane is None else str(lane)
    found: UUID | None = connection.execute(_FIND_OPEN, {"lane": name}).scalar_one_or_none()
    if found is not None:
        return found
    identity = uuid4()
    connection.execute(_INSERT, {"id": identity, "lane": name, "requested_by": key_name})
    return identity


def claim_redrive(connection: Connection, silent_seconds: float = SILENT_SECONDS) -> Claimed | None:
    """Take the oldest request that no relay works on; None if there is none."""
    row = connection.execute(_CLAIM, {"silent_seconds": silent_seconds}).one_or_none()
    return None if row is None else Claimed(row.id, row.lane and Lane(row.lane))


def note_moved(connection: Connection, identity: UUID, moved: int) -> None:
    """Note that this relay still works on a request, and has put so many more back."""
    connection.execute(_NOTE_MOVED, {"id": identity, "moved": moved})


def hand_back_redrive(connection: Connection, identity: UUID, moved: int) -> None:
    """Note that this relay has put so many more back, and leaves the rest to the next."""
    connection.execute(_HAND_BACK, {"id": identity, "moved": moved})


def finish_redrive(
    connection: Connection, identity: UUID, moved: int, fault: str | None = None
) -> None:
    """Note that a request is done, or why it is not."""
    connection.execute(_FINISH, {"id": identity, "moved": moved, "fault": fault})


def list_redrives(connection: Connection, limit: int) -> list[Redrive]:
    """Return the newest requests."""
    return list(map(Redrive._make, connection.execute(_LIST, {"limit": limit})))


def prune_redrives(connection: Connection, kept: int) -> None:
    """Delete those that are done, but for the newest."""
    connection.execute(_PRUNE, {"kept": kept})
