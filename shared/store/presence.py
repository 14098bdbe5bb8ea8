"""Statements on `workers` and `relays`: which processes are alive, and how they are.

A time ahead of now was written before the clock was set back. A process that is alive corrects it
with its next heartbeat; any other counts as silent. How long a process may be silent is decided by
the callers; to most of them it is SILENT_SECONDS.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from shared.calculation import Lane

#: A relay or worker whose last heartbeat is older counts as dead.
SILENT_SECONDS = 15

_UPSERT_WORKER = text("""
    INSERT INTO workers (id, host, pid, lane, slots, consumed_published_at, offers,
                         message_version)
    VALUES (:id, :host, :pid, :lane, :slots, :consumed_published_at, CAST(:offers AS text[]),
            :message_version)
    ON CONFLICT (id) DO UPDATE
    SET seen_at = now(), consumed_published_at = excluded.consumed_published_at,
        offers = excluded.offers""")

_DELETE_WORKER = text("DELETE FROM workers WHERE id = :id")

_DELETE_SILENT_WORKERS = text("""
    DELETE FROM workers WHERE seen_at < now() - make_interval(secs => :silent_seconds)""")

_LIST_WORKERS = text("""
    SELECT workers.id, host, pid, workers.lane, slots, workers.started_at, seen_at, offers,
           coalesce(array_agg(calculations.id::text) FILTER (WHERE calculations.id IS NOT NULL),
                    '{}') AS running
    FROM workers
    LEFT JOIN calculations ON worker_id = workers.id AND status = 'running'
    WHERE seen_at BETWEEN now() - make_interval(secs => :silent_seconds)
                      AND now() + make_interval(secs => :silent_seconds)
    GROUP BY workers.id
    ORDER BY workers.lane, workers.started_at""")

#: Process ids are used again, in a restarted container above all: the row seen last counts.
_FIND_SILENCES = text("""
    SELECT lane, pid, min(abs(extract(epoch FROM now() - seen_at)))::float AS silent_seconds
    FROM workers WHERE host = :host GROUP BY lane, pid""")

_COUNT_SLOTS = text("""
    SELECT lane, sum(slots) AS slots FROM workers
    WHERE seen_at BETWEEN now() - make_interval(secs => :silent_seconds)
                      AND now() + make_interval(secs => :silent_seconds)
    GROUP BY lane""")

_COUNT_WORKERS = text("""
    SELECT lane, count(*) AS workers FROM workers
    WHERE seen_at BETWEEN now() - make_interval(secs => :silent_seconds)
                      AND now() + make_interval(secs => :silent_seconds)
    GROUP BY lane""")

#: Workers of earlier versions do not say what they take. The first of them do not even say what
#: they offer, and take messages whose arguments are an object.
_FIND_OLDEST_MESSAGE_VERSION = text("""
    SELECT min(coalesce(message_version, CASE WHEN offers IS NULL THEN 2 ELSE 3 END))
    FROM workers WHERE lane = :lane""")

_LIST_OFFERS = text("""
    SELECT lane, offers FROM workers
    WHERE seen_at BETWEEN now() - make_interval(secs => :silent_seconds)
                      AND now() + make_interval(secs => :silent_seconds)""")

_UPSERT_RELAY = text("""
    INSERT INTO relays (id, host, pid, quick_problem, heavy_problem)
    VALUES (:id, :host, :pid, :quick_problem, :heavy_problem)
    ON CONFLICT (id) DO UPDATE
    SET seen_at = now(), quick_problem = excluded.quick_problem,
        heavy_problem = excluded.heavy_problem""")

_DELETE_RELAY = text("DELETE FROM relays WHERE id = :id")

_DELETE_SILENT_RELAYS = text("""
    DELETE FROM relays WHERE seen_at < now() - make_interval(secs => :silent_seconds)""")

_LIST_RELAYS = text("""
    SELECT id, host, pid, started_at,
           abs(extract(epoch FROM now() - seen_at))::float AS silent_seconds,
           quick_problem, heavy_problem
    FROM relays ORDER BY silent_seconds""")


class WorkerState(NamedTuple):
    """A worker process, what it offers if it is known, and the ids of what it runs."""

    id: UUID
    host: str
    pid: int
    lane: str
    slots: int
    started_at: datetime
    seen_at: datetime
    offers: list[str] | None
    running: list[str]


@dataclass(frozen=True, slots=True)
class RelayState:
    """A relay process: when it was last seen, and what prevents publishing in each lane."""

    id: UUID
    host: str
    pid: int
    started_at: datetime
    silent_seconds: float
    problems: Mapping[Lane, str]


def upsert_worker(
    connection: Connection,
    worker_id: UUID,
    *,
    host: str,
    pid: int,
    lane: Lane,
    slots: int,
    consumed_published_at: datetime | None = None,
    offers: Collection[str] | None = None,
    message_version: int | None = None,
) -> None:
    """Register a worker process, or update when it was seen, what it has consumed and offers.

    `offers` names functions as `name/version`; without it, the worker counts as offering all.
    `message_version` is the newest that it takes.
    """
    connection.execute(
        _UPSERT_WORKER,
        {
            "id": worker_id,
            "host": host,
            "pid": pid,
            "lane": str(lane),
            "slots": slots,
            "consumed_published_at": consumed_published_at,
            "offers": None if offers is None else sorted(offers),
            "message_version": message_version,
        },
    )


def delete_worker(connection: Connection, worker_id: UUID) -> None:
    """Delete the row of a worker process that ends."""
    connection.execute(_DELETE_WORKER, {"id": worker_id})


def delete_silent_workers(connection: Connection, silent_seconds: float) -> None:
    """Delete the rows of worker processes that ended without deleting theirs."""
    connection.execute(_DELETE_SILENT_WORKERS, {"silent_seconds": silent_seconds})


def find_oldest_message_version(connection: Connection, lane: Lane) -> int | None:
    """Return the newest version of messages that all workers of a lane take; None without any."""
    oldest: int | None = connection.execute(
        _FIND_OLDEST_MESSAGE_VERSION, {"lane": str(lane)}
    ).scalar_one()
    return oldest


def list_workers(connection: Connection, silent_seconds: float) -> list[WorkerState]:
    """Return the workers seen within the last `silent_seconds`, by lane."""
    rows = connection.execute(_LIST_WORKERS, {"silent_seconds": silent_seconds})
    return list(map(WorkerState._make, rows))


def find_silences(connection: Connection, host: str) -> dict[tuple[Lane, int], float]:
    """Return the seconds since the last heartbeat of each worker of a host, by lane and pid."""
    rows = connection.execute(_FIND_SILENCES, {"host": host})
    return {(Lane(row.lane), row.pid): row.silent_seconds for row in rows}


def count_slots(connection: Connection, silent_seconds: float) -> dict[Lane, int]:
    """Return the slots of the workers seen lately, for each lane that has any."""
    rows = connection.execute(_COUNT_SLOTS, {"silent_seconds": silent_seconds})
    return {Lane(row.lane): row.slots for row in rows}


def count_workers(connection: Connection, silent_seconds: float) -> dict[Lane, int]:
    """Return how many workers were seen lately, for each lane that has any."""
    rows = connection.execute(_COUNT_WORKERS, {"silent_seconds": silent_seconds})
    return {Lane(row.lane): row.workers for row in rows}


def list_offers(
    connection: Connection, silent_seconds: float
) -> dict[Lane, list[frozenset[str] | None]]:
    """Return what each worker seen lately offers, by lane; None for one that does not say."""
    found: dict[Lane, list[frozenset[str] | None]] = {lane: [] for lane in Lane}
    for row in connection.execute(_LIST_OFFERS, {"silent_seconds": silent_seconds}):
        found[Lane(row.lane)].append(None if row.offers is None else frozenset(row.offers))
    return found


def upsert_relay(
    connection: Connection, relay_id: UUID, *, host: str, pid: int, problems: Mapping[Lane, str]
) -> None:
    """Register a relay process, or update when it was seen and its problems by lane."""
    connection.execute(
        _UPSERT_RELAY,
        {
            "id": relay_id,
            "host": host,
            "pid": pid,
            "quick_problem": problems.get(Lane.QUICK),
            "heavy_problem": problems.get(Lane.HEAVY),
        },
    )


def delete_relay(connection: Connection, relay_id: UUID) -> None:
    """Delete the row of a relay process that ends."""
    connection.execute(_DELETE_RELAY, {"id": relay_id})


def delete_silent_relays(connection: Connection, silent_seconds: float) -> None:
    """Delete the rows of relay processes that ended without deleting theirs."""
    connection.execute(_DELETE_SILENT_RELAYS, {"silent_seconds": silent_seconds})


def list_relays(connection: Connection) -> list[RelayState]:
    """Return all registered relays, the one seen last first."""
    return [
        RelayState(
            row.id,
            row.host,
            row.pid,
            row.started_at,
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
        for row in connection.execute(_LIST_RELAYS)
    ]
