"""GET /system: how much waits, who works on what, and how fast."""

from collections.abc import Mapping, Sequence
from typing import Any

import falcon.asgi
from sqlalchemy import Connection

from gateway.database.database import Database
from gateway.database.shared_query import SharedQuery
from gateway.http.answers import write_json
from gateway.waiting.capacity import SILENT_SECONDS, Capacity, find_capacity
from shared.calculation import Lane, rfc3339
from shared.store.relays import RelayState
from shared.store.system import count_finished_last_minute, count_lanes, measure_outbox
from shared.store.workers import list_workers

_FRESH_SECONDS = 0.5
_MAX_SHARE = 0.05


class System:
    """The state of the whole, as PostgreSQL knows it."""

    def __init__(self, database: Database) -> None:
        self._state = SharedQuery(database, _look, _FRESH_SECONDS, max_share=_MAX_SHARE)

    async def on_get(
        self,
        req: falcon.asgi.Request,  # noqa: ARG002
        resp: falcon.asgi.Response,
    ) -> None:
        """Answer with the state of this moment, or of the last second when many ask."""
        write_json(resp, await self._state.get())

    on_head = on_get


def _look(connection: Connection) -> dict[str, Any]:
    capacity = find_capacity(connection)
    workers = list_workers(connection, SILENT_SECONDS)
    work = {row["lane"]: row for row in count_lanes(connection)}
    finished = count_finished_last_minute(connection)
    return {
        "lanes": {lane: _lane(work.get(lane, {}), lane, workers, capacity) for lane in Lane},
        "outbox": dict(measure_outbox(connection)),
        "relays": [_relay(relay) for relay in capacity.relays],
        "workers": [_worker(worker) for worker in workers],
        "calculations_per_minute": sum(finished.values()),
        "finished_last_minute": finished,
    }


def _lane(
    work: Mapping[str, Any],
    lane: Lane,
    workers: Sequence[Mapping[str, Any]],
    capacity: Capacity,
) -> dict[str, Any]:
    slots = capacity.slots.get(lane, 0)
    to_go = round(work.get("seconds_to_go", 0) / max(1, slots), 3)
    return {
        "queued": work.get("queued", 0),
        "running": work.get("running", 0),
        "oldest_queued_seconds": work.get("oldest_queued_seconds"),
        "estimated_seconds_to_go": to_go if capacity.can_compute(lane) else None,
        "workers": sum(worker["lane"] == lane for worker in workers),
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


def _worker(worker: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": str(worker["id"]),
        "host": worker["host"],
        "pid": worker["pid"],
        "lane": worker["lane"],
        "slots": worker["slots"],
        "started_at": rfc3339(worker["started_at"]),
        "seen_at": rfc3339(worker["seen_at"]),
        "running": worker["running"],
    }
