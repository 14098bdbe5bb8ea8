"""Looks at the whole that are shared, because they read much when much waits."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy import Connection

from gateway.database.database import Database
from shared.errors import StoreUnavailable
from shared.postgres.outages import is_statement_cancelled

T = TypeVar("T")

_logger = logging.getLogger(__name__)


class SharedLook(Generic[T]):
    """The latest answer of one query, looked up again when it is old and somebody asks.

    The longer a look takes, the longer it serves: at a million queued, `/system` is some seconds
    old, and the database is not busy with counting. One that fails is not repeated sooner.
    """

    def __init__(
        self,
        database: Database,
        use_case: Callable[[Connection], T],
        fresh_seconds: float,
        *,
        most_share: float,
    ) -> None:
        """Look no more often than every `fresh_seconds`, nor for more than a share of the time."""
        self._database = database
        self._use_case = use_case
        self._fresh_seconds = fresh_seconds
        self._most_share = most_share
        self._looking: asyncio.Task[T] | None = None
        self._value: T | None = None
        self._failure: Exception | None = None
        self._good_until = 0.0

    @property
    def latest(self) -> T | None:
        """The last answer, however old; a new look begins if it is due. Never waits."""
        self._look_if_due()
        return self._value

    async def get(self) -> T:
        """Return an answer that is fresh, waiting for a look if one is due.

        Raises what the latest look raised, StoreUnavailable for example.
        """
        looking = self._look_if_due()
        if looking is not None:
            return await asyncio.shield(looking)
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        assert self._value is not None
        return self._value

    def _look_if_due(self) -> asyncio.Task[T] | None:
        if self._looking is None and time.monotonic() >= self._good_until:
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(self._looked)
        return self._looking

    async def _look(self) -> T:
        began = time.monotonic()
        try:
            self._value = await self._database.run(self._use_case)
        except Exception as error:
            self._failure = error
            if not isinstance(error, StoreUnavailable):  # which is logged; nobody may be waiting
                _logger.exception("A look at the whole failed")
            # What the server cut short has kept it busy; one that was not there has not.
            self._rest(time.monotonic() - began if is_statement_cancelled(error) else 0.0)
            raise
        self._failure = None
        self._rest(time.monotonic() - began)
        return self._value

    def _rest(self, busy_seconds: float) -> None:
        """Let so much time go by before the next look as its share demands."""
        pause = max(self._fresh_seconds, busy_seconds / self._most_share)
        self._good_until = time.monotonic() + pause

    def _looked(self, task: asyncio.Task[T]) -> None:
        self._looking = None
        if not task.cancelled():
            task.exception()  # taken note of: whoever waited for it has it as well
