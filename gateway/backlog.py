"""How long a calculation is likely to take still, for an honest Retry-After."""

import asyncio
import contextlib
import math
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from gateway.database import Database
from shared.calculation import Lane, Status
from shared.errors import StoreUnavailable
from shared.store.system import count_lanes
from shared.store.workers import list_workers

#: A worker unseen for this long is taken for gone.
SILENT_SECONDS = 15

_FRESH_SECONDS = 2.0
_LONGEST_SECONDS = 3_600


class Backlog:
    """Knows how much work waits in each lane, as of at most a few seconds ago."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seconds: Mapping[Lane, float] = {}
        self._looked_at = -math.inf
        self._looking: asyncio.Task[None] | None = None

    def retry_after(self, row: Mapping[str, Any]) -> int:
        """Return the whole seconds after which to look at this unfinished calculation again.

        What is left of its own estimate; while it is queued, also the work ahead of it, spread
        over its lane's slots. Never waits: a look that is due happens meanwhile.
        """
        self._look_again_if_due()
        seconds: float = row["estimate_seconds"] * (1 - row["progress"])
        if row["status"] == Status.QUEUED:
            seconds += self._seconds.get(Lane(row["lane"]), 0)
        return max(1, min(math.ceil(seconds), _LONGEST_SECONDS))

    def _look_again_if_due(self) -> None:
        is_looking = self._looking is not None and not self._looking.done()
        if not is_looking and time.monotonic() - self._looked_at > _FRESH_SECONDS:
            self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        with contextlib.suppress(StoreUnavailable):
            self._seconds = await self._database.run(_seconds_ahead)
        self._looked_at = time.monotonic()


def _seconds_ahead(connection: Connection) -> dict[Lane, float]:
    slots: dict[str, int] = {}
    for worker in list_workers(connection, SILENT_SECONDS):
        slots[worker["lane"]] = slots.get(worker["lane"], 0) + worker["slots"]
    return {
        Lane(row["lane"]): float(row["seconds_to_go"]) / max(1, slots.get(row["lane"], 0))
        for row in count_lanes(connection)
    }
