"""/system: GET shows queues, what is and may be queued and stored, relays, and what workers run."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

import falcon.asgi
from sqlalchemy import Connection

from gateway.access.scopes import by_method
from gateway.admission.admission import Admission
from gateway.database.database import Database
from gateway.database.shared_query import SharedQuery
from gateway.http.document import rfc3339
from gateway.http.limits import STATE_FRESH_SECONDS, STATE_MAX_SHARE
from gateway.http.responses import write_json
from gateway.waiting.capacity import Capacity, find_capacity
from shared.calculation import Lane
from shared.config import Settings
from shared.functions.offers import offers_of
from shared.functions.registry import Registry
from shared.keys.scope import Scope
from shared.store.presence import SILENT_SECONDS, RelayState, WorkerState, list_workers
from shared.store.retention.state import Storage, measure_storage
from shared.store.totals.system import (
    LaneState,
    count_finished_last_minute,
    count_lanes,
    measure_outbox,
)


class System:
    """The state of Reckoner, as PostgreSQL knows it."""

    scopes = by_method(GET=Scope.OPERATE)

    def __init__(
        self, database: Database, registry: Registry, admission: Admission, settings: Settings
    ) -> None:
        self._admission = admission
        self._settings = settings
        query = partial(_query, offers_of(registry))
        self._state = SharedQuery(database, query, STATE_FRESH_SECONDS, max_share=STATE_MAX_SHARE)
        # By itself: where very much has just finished, the rest does not wait for its sum.
        self._storage = SharedQuery(
            database, measure_storage, STATE_FRESH_SECONDS, max_share=STATE_MAX_SHARE
        )

    async def on_get(
        self,
        req: falcon.asgi.Request,  # noqa: ARG002
        resp: falcon.asgi.Response,
    ) -> None:
        """Respond with the state; it may be a moment old, or older if the query takes long."""
        state, admission, storage = await asyncio.gather(
            self._state.get(), self._admission.state(), self._storage.get()
        )
        stored = _stored(storage, self._settings)
        write_json(resp, {**state, "admission": admission, "storage": stored})

    on_head = on_get


def _query(installed: frozenset[str], connection: Connection) -> dict[str, Any]:
    capacity = find_capacity(connection)
    workers = list_workers(connection, SILENT_SECONDS)
    states = count_lanes(connection)
    finished = count_finished_last_minute(connection)
    return {
        "lanes": {lane: _lane(states[lane], lane, workers, capacity) for lane in Lane},
        "outbox": measure_outbox(connection)._asdict(),
        "relays": [_relay(relay) for relay in capacity.relays],
        "workers": [_worker(worker, installed) for worker in workers],
        "calculations_per_minute": sum(finished.values()),
        "finished_last_minute": finished,
    }


def _stored(storage: Storage, settings: Settings) -> dict[str, Any]:
    return {
        "results": storage.results,
        "bytes": storage.bytes,
        "is_counted": storage.is_whole,
        "limits": {
            "bytes": settings.retention_bytes or None,
            "seconds": settings.retention_seconds or None,
            "forget": settings.retention_forget,
        },
        "ran_at": None if storage.ran_at is None else rfc3339(storage.ran_at),
        "fault": storage.fault,
    }


def _lane(
    state: LaneState,
    lane: Lane,
    workers: Sequence[WorkerState],
    capacity: Capacity,
) -> dict[str, Any]:
    slots = capacity.slots.get(lane, 0)
    to_go = round(state.seconds_to_go / max(1, slots), 3)
    return {
        "queued": state.queued,
        "published": state.published,
        "running": state.running,
        "oldest_queued_seconds": state.oldest_queued_seconds,
        "estimated_seconds_to_go": to_go if capacity.can_compute(lane) else None,
        "without_estimate": state.without_estimate,
        "workers": sum(worker.lane == lane for worker in workers),
        "slots": slots,
    }


def _relay(relay: RelayState) -> dict[str, Any]:
    return {
        "id": str(relay.id),
        "host": relay.host,
        "pid": relay.pid,
        "silent_seconds": round(relay.silent_seconds, 3),
        "problems": dict(relay.problems),
    }


def _worker(worker: WorkerState, installed: frozenset[str]) -> dict[str, Any]:
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
        "lacks": lacks,
    }
