"""Decides on calculations that workers hand back, because they do not have their function.

Such a calculation waits as long as any live worker of its lane offers its function in its version,
and for RECKONER_FUNCTION_GRACE_SECONDS after that. Then it fails as `function-gone`.
"""

import logging
import time
from uuid import UUID

from sqlalchemy import Connection, Engine

from shared.config import Settings
from shared.failures import failure_json
from shared.store.handed_back import Reviewed, fail_handed_back, review_handed_back
from shared.store.notifications import notify_changed

#: A worker whose last heartbeat is older counts as dead.
_SILENT_SECONDS = 15.0

_BATCH = 1_000

#: How long one run may take, as the rest of the rescue waits. The next run continues.
_RUN_SECONDS = 0.25

_FIRST = UUID(int=0)

_logger = logging.getLogger(__name__)


class HandedBack:
    """Reviews what workers have handed back, a part of it in each run."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._grace_seconds = settings.function_grace_seconds
        self._longest_gap_seconds = max(_SILENT_SECONDS, 3 * settings.rescue_seconds)
        self._after = _FIRST
        self._ran_at = float("-inf")
        self._knows_workers_from = 0.0

    def review(self, *, is_clock_steady: bool) -> None:
        """Forget what is settled, fail what has waited too long; each waits on otherwise."""
        may_fail = self._knows_workers() and is_clock_steady
        until = time.monotonic() + _RUN_SECONDS
        while True:
            with self._engine.begin() as connection:
                reviewed = self._review_batch(connection, may_fail=may_fail)
            self._after = reviewed[-1].calculation_id if len(reviewed) == _BATCH else _FIRST
            if len(reviewed) < _BATCH or time.monotonic() > until:
                return

    def _knows_workers(self) -> bool:
        """Say whether every live worker has had time for a heartbeat.

        Not just after this relay's start or an outage, in which the workers' rows have grown old.
        """
        now = time.monotonic()
        if now - self._ran_at > self._longest_gap_seconds:
            self._knows_workers_from = now + _SILENT_SECONDS
        self._ran_at = now
        return now >= self._knows_workers_from

    def _review_batch(self, connection: Connection, *, may_fail: bool) -> list[Reviewed]:
        reviewed = review_handed_back(
            connection,
            self._after,
            may_fail=may_fail,
            grace_seconds=self._grace_seconds,
            silent_seconds=_SILENT_SECONDS,
            limit=_BATCH,
        )
        overdue = [one for one in reviewed if one.is_overdue]
        if overdue:
            self._fail(connection, overdue)
        return reviewed

    def _fail(self, connection: Connection, overdue: list[Reviewed]) -> None:
        errors = {
            one.calculation_id: failure_json(
                "function-gone",
                f"No worker has offered {one.function} in version {one.version} for "
                f"{self._grace_seconds:g} s. Install it on the workers, then resubmit; "
                "if it was replaced by a newer version, that one is computed.",
            )
            for one in overdue
        }
        failed = fail_handed_back(connection, errors)
        notify_changed(connection, failed)
        functions = {f"{one.function}/{one.version}" for one in overdue}
        _logger.error(
            "%d calculations failed: no worker has offered %s for %g s",
            len(failed),
            ", ".join(sorted(functions)),
            self._grace_seconds,
        )
