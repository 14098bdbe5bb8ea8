"""How long a calculation is likely to take still, for an honest Retry-After."""

import math
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from gateway.database import Database
from gateway.looks import SharedLook
from shared.calculation import Lane, Status
from shared.store.system import count_lanes
from shared.store.workers import list_workers

#: A worker unseen for this long is taken for gone.
SILENT_SECONDS = 15

_FRESH_SECONDS = 2.0

#: Every submission asks for this look, and it is only for a guess.
_MOST_SHARE = 0.01
_LONGEST_SECONDS = 3_600


class Backlog:
    """Knows how much work waits in each lane, as of a few seconds ago."""

    def __init__(self, database: Database) -> None:
        self._seconds_ahead = SharedLook(
            database, _seconds_ahead, _FRESH_SECONDS, most_share=_MOST_SHARE
        )

    def retry_after(self, row: Mapping[str, Any]) -> int:
        """Return the whole seconds after which to look at this unfinished calculation again.

        What is left of its own estimate; while it is queued, also the work ahead of it, spread
        over its lane's slots. Never waits: a look that is due happens meanwhile.
        """
        ahead = self._seconds_ahead.latest or {}
        seconds: float = row["estimate_seconds"] * (1 - row["progress"])
        if row["status"] == Status.QUEUED:
            seconds += ahead.get(Lane(row["lane"]), 0)
        return max(1, min(math.ceil(seconds), _LONGEST_SECONDS))


def _seconds_ahead(connection: Connection) -> dict[Lane, float]:
    slots: dict[str, int] = {}
    for worker in list_workers(connection, SILENT_SECONDS):
        slots[worker["lane"]] = slots.get(worker["lane"], 0) + worker["slots"]
    return {
        Lane(row["lane"]): float(row["seconds_to_go"]) / max(1, slots.get(row["lane"], 0))
        for row in count_lanes(connection)
    }
