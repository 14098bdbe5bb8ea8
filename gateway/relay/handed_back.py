"""Decides on calculations that workers hand back, because they do not have their function.

Such a calculation waits as long as any live worker of its lane offers its function in its version,
and for RECKONER_FUNCTION_GRACE_SECONDS after that. Then it fails as `function-gone`.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection, Engine

from shared.calculation import Lane
from shared.config import Settings
from shared.failures import failure_json
from shared.functions.offers import offer
from shared.logs.members import log_ids
from shared.metrics.catalogue import FINISHED
from shared.metrics.counters import Counters
from shared.store.notifications import notify_changed
from shared.store.outbox.handed_back import (
    Reviewed,
    fail_handed_back,
    note_offered,
    review_handed_back,
)
from shared.store.presence import SILENT_SECONDS, list_offers

_BATCH = 1_000

#: How long one run may take, as the rest of the rescue waits. The next run continues.
_RUN_SECONDS = 0.25

_FIRST = UUID(int=0)

_Offers = Mapping[Lane, Sequence[frozenset[str] | None]]

_logger = logging.getLogger(__name__)


class HandedBack:
    """Reviews what workers have handed back, a part of it in each run.

    That no worker offers a function is counted by this relay's own clock, from when it has first
    seen that. So neither an outage, in which no worker could send a heartbeat, nor a step of
    PostgreSQL's clock counts.
    """

    def __init__(
        self, engine: Engine, settings: Settings, counters: Counters | None = None
    ) -> None:
        self._counters = counters or Counters()
        self._engine = engine
        self._grace_seconds = settings.function_grace_seconds
        self._after = _FIRST
        #: Of functions that were handed back, by lane and name.
        self._unoffered_since: dict[tuple[str, str], float] = {}

    def review(self) -> None:
        """Forget what is settled, and fail what has waited too long; all else waits on."""
        with self._engine.begin() as connection:
            offers = list_offers(connection, SILENT_SECONDS)
        for lane, name in list(self._unoffered_since):
            if _may_wait(name, offers[Lane(lane)]):
                del self._unoffered_since[lane, name]
        until = time.monotonic() + _RUN_SECONDS
        while True:
            with self._engine.begin() as connection:
                reviewed = review_handed_back(connection, self._after, _BATCH)
                failed = self._decide(connection, reviewed, offers)
            for one in failed:
                self._counters.add(FINISHED, one.function or "", one.lane or "", "failed")
            self._after = reviewed[-1].calculation_id if len(reviewed) == _BATCH else _FIRST
            if len(reviewed) < _BATCH or time.monotonic() > until:
                return

    def _decide(
        self, connection: Connection, reviewed: Sequence[Reviewed], offers: _Offers
    ) -> list[Reviewed]:
        """Return those that have failed."""
        waiting, overdue = [], []
        for one in reviewed:
            if one.lane is None or one.function is None or one.version is None:
                continue
            name = offer(one.function, one.version)
            if _may_wait(name, offers[Lane(one.lane)]):
                waiting.append(one.calculation_id)
            elif self._is_overdue(one, one.lane, name):
                overdue.append(one)
        if waiting:
            note_offered(connection, waiting)
        return self._fail(connection, overdue) if overdue else []

    def _is_overdue(self, one: Reviewed, lane: str, name: str) -> bool:
        now = time.monotonic()
        since = self._unoffered_since.setdefault((lane, name), now)
        return min(now - since, one.waited_seconds) >= self._grace_seconds

    def _fail(self, connection: Connection, overdue: list[Reviewed]) -> list[Reviewed]:
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
        offered = ", ".join(sorted(functions)).replace("%", "%%")  # a name may be anything
        log_ids(
            _logger,
            logging.ERROR,
            f"Failed %s: no worker has offered {offered} for {self._grace_seconds:g} s",
            failed,
        )
        return [one for one in overdue if one.calculation_id in failed]


def _may_wait(name: str, offers: Sequence[frozenset[str] | None]) -> bool:
    """Say whether a live worker of the lane offers a function, or may do so for all that is known.

    One that does not say what it offers is of an earlier version. Where no worker is alive, one
    that starts may have it.
    """
    return not offers or any(names is None or name in names for names in offers)
