"""Statements on `relays`: who is alive, and what RabbitMQ says to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from shared.calculation import Lane

_UPSERT = text("""
    INSERT INTO relays (id, host, pid, quick_problem, heavy_problem)
    VALUES (:id, :host, :pid, :quick_problem, :heavy_problem)
    ON CONFLICT (id) DO UPDATE
    SET seen_at = now(), quick_problem = excluded.quick_problem,
        heavy_problem = excluded.heavy_problem""")

_DELETE = text("DELETE FROM relays WHERE id = :id")

_DELETE_SILENT = text("""
    DELETE FROM relays WHERE seen_at < now() - make_interval(secs => :silent_seconds)""")

#: A time ahead of now is of a clock that was set back: a relay that lives corrects it with its next
#: beat, and of another nothing is known.
_LIST = text("""
    SELECT id, host, pid, abs(extract(epoch FROM now() - seen_at))::float AS silent_seconds,
           quick_problem, heavy_problem
    FROM relays ORDER BY silent_seconds""")


@dataclass(frozen=True, slots=True)
class RelayState:
    """A relay process: for how long it has said nothing, and what hinders each lane, in words."""

    id: UUID
    host: str
    pid: int
    silent_seconds: float
    problems: Mapping[Lane, str]


def upsert_relay(
    connection: Connection, relay_id: UUID, *, host: str, pid: int, problems: Mapping[Lane, str]
) -> None:
    """Register a relay process, or say that it is still there; `problems` are by lane."""
    connection.execute(
        _UPSERT,
        {
            "id": relay_id,
            "host": host,
            "pid": pid,
            "quick_problem": problems.get(Lane.QUICK),
            "heavy_problem": problems.get(Lane.HEAVY),
        },
    )


def delete_relay(connection: Connection, relay_id: UUID) -> None:
    """Sign a relay process off."""
    connection.execute(_DELETE, {"id": relay_id})


def delete_silent_relays(connection: Connection, silent_seconds: float) -> None:
    """Remove relay processes that went without signing off."""
    connection.execute(_DELETE_SILENT, {"silent_seconds": silent_seconds})


def list_relays(connection: Connection) -> list[RelayState]:
    """Return all relays that are registered, the one that was heard of last first."""
    return [
        RelayState(
            row.id,
            row.host,
            row.pid,
            row.silent_seconds,
            {
                lane: problem
                for lane, problem in (
                    (Lane.QUICK, row.quick_problem),
                    (Lane.HEAVY, row.heavy_problem),
                )
                if problem is not None
            },
        )
        for row in connection.execute(_LIST)
    ]
