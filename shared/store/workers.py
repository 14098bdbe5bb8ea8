"""Statements on `workers`: who is alive, and what they run."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from shared.calculation import Lane

_INSERT = text("""
    INSERT INTO workers (id, host, pid, lane, slots, consumed_published_at)
    VALUES (:id, :host, :pid, :lane, :slots, :consumed_published_at)
    ON CONFLICT (id) DO UPDATE
    SET seen_at = now(), consumed_published_at = excluded.consumed_published_at""")

_DELETE = text("DELETE FROM workers WHERE id = :id")

_DELETE_SILENT = text("""
    DELETE FROM workers WHERE seen_at < now() - make_interval(secs => :silent_seconds)""")

#: A time ahead of now is of a clock that was set back, and says as little as one long ago.

_LIST = text("""
    SELECT workers.id, host, pid, workers.lane, slots, workers.started_at, seen_at,
           coalesce(array_agg(calculations.id::text) FILTER (WHERE calculations.id IS NOT NULL),
                    '{}') AS running
    FROM workers
    LEFT JOIN calculations ON worker_id = workers.id AND status = 'running'
    WHERE seen_at BETWEEN now() - make_interval(secs => :silent_seconds)
                      AND now() + make_interval(secs => :silent_seconds)
    GROUP BY workers.id
    ORDER BY workers.lane, workers.started_at""")

#: A process id is used again after a restart of a container: the row seen last is the one.
_SILENCES = text("""
    SELECT lane, pid, min(abs(extract(epoch FROM now() - seen_at)))::float AS silent_seconds
    FROM workers WHERE host = :host GROUP BY lane, pid""")


def upsert_worker(
    connection: Connection,
    worker_id: UUID,
    *,
    host: str,
    pid: int,
    lane: Lane,
    slots: int,
    consumed_published_at: datetime | None = None,
) -> None:
    """Register a worker process, or say that it is still there and how far it has come."""
    connection.execute(
        _INSERT,
        {
            "id": worker_id,
            "host": host,
            "pid": pid,
            "lane": str(lane),
            "slots": slots,
            "consumed_published_at": consumed_published_at,
        },
    )


def delete_worker(connection: Connection, worker_id: UUID) -> None:
    """Sign a worker process off."""
    connection.execute(_DELETE, {"id": worker_id})


def delete_silent_workers(connection: Connection, silent_seconds: float) -> None:
    """Remove worker processes that went without signing off."""
    connection.execute(_DELETE_SILENT, {"silent_seconds": silent_seconds})


def list_workers(connection: Connection, silent_seconds: float) -> list[dict[str, Any]]:
    """Return the workers seen lately, each with the ids of what it runs."""
    return [
        dict(row)
        for row in connection.execute(_LIST, {"silent_seconds": silent_seconds}).mappings()
    ]


def find_silences(connection: Connection, host: str) -> dict[tuple[Lane, int], float]:
    """Return how long each worker process of a host has sent no heartbeat, by lane and pid."""
    rows = connection.execute(_SILENCES, {"host": host})
    return {(Lane(row.lane), row.pid): row.silent_seconds for row in rows}
