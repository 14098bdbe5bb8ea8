"""What was read of the state, as the members of /system."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.http.document import rfc3339
from gateway.state.reading import Reading, SlowReading
from shared.calculation import Lane
from shared.config import Settings
from shared.diagnosis.problem import Problem
from shared.store.presence import RelayState, WorkerState
from shared.store.redrives import Redrive
from shared.store.retention.state import Storage
from shared.store.totals.running import Running


def state_members(reading: Reading, installed: frozenset[str]) -> dict[str, Any]:
    """Return queues, processes and what they do."""
    runs: dict[UUID, list[Running]] = defaultdict(list)
    for one in reading.running:
        runs[one.worker_id].append(one)
    return {
        "lanes": {lane: _lane(reading, lane) for lane in Lane},
        "outbox": reading.outbox._asdict(),
        "relays": [_relay(relay) for relay in reading.capacity.relays],
        "workers": [_worker(one, runs.get(one.id, ()), installed) for one in reading.workers],
        "calculations_per_minute": sum(reading.finished.values()),
        "finished_last_minute": dict(reading.finished),
        "dead_letters": {lane: reading.dead_letters.get(lane) for lane in Lane},
        "redrives": [_redrive(redrive) for redrive in reading.redrives],
        "history_since": _moment(reading.span.began_at),
    }


def problem_members(problems: Sequence[Problem]) -> list[dict[str, str]]:
    """Return what is wrong."""
    return [
        {"severity": str(one.severity), "text": one.text, "remedy": one.remedy} for one in problems
    ]


def slow_members(reading: SlowReading, storage: Storage, settings: Settings) -> dict[str, Any]:
    """Return failures by reason, and what is on the disk."""
    return {
        "failures": {
            "counts": [
                {
                    **one._asdict(),
                    "latest_id": str(one.latest_id),
                    "latest_at": rfc3339(one.latest_at),
                }
                for one in reading.failures.counts
            ],
            "is_exact": reading.failures.is_exact,
        },
        "disk": {
            "database_bytes": reading.database_bytes,
            "stored_bytes": storage.bytes,
            "limit_bytes": settings.retention_bytes or None,
        },
    }


def storage_members(storage: Storage, settings: Settings) -> dict[str, Any]:
    """Return what is stored, and what retention does about it."""
    return {
        "results": storage.results,
        "bytes": storage.bytes,
        "is_counted": storage.is_whole,
        "limits": {
            "bytes": settings.retention_bytes or None,
            "seconds": settings.retention_seconds or None,
            "forget": settings.retention_forget,
        },
        "ran_at": _moment(storage.ran_at),
        "fault": storage.fault,
    }


def _lane(reading: Reading, lane: Lane) -> dict[str, Any]:
    state, capacity = reading.lanes[lane], reading.capacity
    slots = capacity.slots.get(lane, 0)
    to_go = round(state.seconds_to_go / max(1, slots), 3)
    return {
        "queued": state.queued,
        "published": state.published,
        "running": state.running,
        "oldest_queued_seconds": state.oldest_queued_seconds,
        "estimated_seconds_to_go": to_go if capacity.can_compute(lane) else None,
        "without_estimate": state.without_estimate,
        "workers": sum(worker.lane == lane for worker in reading.workers),
        "slots": slots,
        "busy_slots": reading.busy_slots.get(lane),
    }


def _relay(relay: RelayState) -> dict[str, Any]:
    return {
        "id": str(relay.id),
        "host": relay.host,
        "pid": relay.pid,
        "started_at": rfc3339(relay.started_at),
        "silent_seconds": round(relay.silent_seconds, 3),
        "problems": dict(relay.problems),
    }


def _worker(
    worker: WorkerState, runs: Sequence[Running], installed: frozenset[str]
) -> dict[str, Any]:
    # What it lacks and not all that it offers: mostly nothing, however many functions there are.
    lacks = None if worker.offers is None else sorted(installed.difference(worker.offers))
    return {
        "id": str(worker.id),
        "host": worker.host,
        "pid": worker.pid,
        "lane": worker.lane,
        "slots": worker.slots,
        "started_at": rfc3339(worker.started_at),
        "seen_at": rfc3339(worker.seen_at),
        "running": worker.running,
        "runs": [_run(one) for one in runs],
        "lacks": lacks,
    }


def _run(running: Running) -> dict[str, Any]:
    return {
        "id": str(running.id),
        "function": running.function,
        "since": _moment(running.started_at),
        "progress": running.progress,
    }


def _redrive(redrive: Redrive) -> dict[str, Any]:
    status = "waiting" if redrive.seen_at is None else "running"
    if redrive.finished_at is not None:
        status = "succeeded" if redrive.fault is None else "failed"
    return {
        "id": str(redrive.id),
        "lane": redrive.lane,
        "status": status,
        "requested_at": rfc3339(redrive.requested_at),
        "requested_by": redrive.requested_by,
        "finished_at": _moment(redrive.finished_at),
        "moved": redrive.moved,
        "fault": redrive.fault,
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)
