"""The day on which a key was last used: noted once a day, and not by the requests themselves."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from typing import NoReturn

from gateway.access.key_ring import KeyRing
from shared.errors import StoreUnavailable
from shared.postgres.outages import DATABASE_ERRORS, brief

_INTERVAL_SECONDS = 10.0

_logger = logging.getLogger(__name__)


class LastUse:
    """The keys that were used since they were last noted."""

    def __init__(
        self,
        ring: KeyRing,
        note: Callable[[Collection[str]], Awaitable[None]],
    ) -> None:
        """`note` stores that the keys of these ids were used today."""
        self._ring = ring
        self._note = note
        self._used: set[str] = set()

    def add(self, key_id: str) -> None:
        """Say that a request came with this key."""
        self._used.add(key_id)

    async def run(self) -> NoReturn:
        """Note what was used, until cancelled. What was not noted by then is lost."""
        while True:
            await asyncio.sleep(_INTERVAL_SECONDS)
            used, self._used = self._used, set()
            due = self._ring.not_used_today(used)
            if not due:
                continue
            try:
                await self._note(due)
            except StoreUnavailable:
                self._used |= due
            except DATABASE_ERRORS as error:
                _logger.warning("Cannot note which keys are used: %s", brief(error))
