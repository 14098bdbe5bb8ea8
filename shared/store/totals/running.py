"""The statement that lists what workers compute, for GET /system."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

#: There is one for each slot of a heavy worker.
_MOST = 1_000

_LIST = text("""
    SELECT id, worker_id, function, started_at, progress FROM calculations
    WHERE status = 'running' ORDER BY started_at LIMIT :most""")


class Running(NamedTuple):
    """A calculation of the heavy lane that a worker computes, and since when."""

    id: UUID
    worker_id: UUID
    function: str
    started_at: datetime | None
    progress: float


def list_running(connection: Connection) -> list[Running]:
    """Return what is running, the longest first."""
    return list(map(Running._make, connection.execute(_LIST, {"most": _MOST})))
