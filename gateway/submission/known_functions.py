"""What PostgreSQL knows of this gateway's functions: it registers them, and learns their costs.

A task in the background, so that the gateway also starts while PostgreSQL is away.
"""

import asyncio
import logging
from collections.abc import Mapping

from gateway.database.database import Database
from shared.errors import StoreUnavailable
from shared.functions.learnt_cost import LearntCost
from shared.functions.registry import Registry
from shared.postgres.outages import DATABASE_ERRORS, brief
from shared.store.functions import (
    InstalledFunction,
    find_costs,
    register_functions,
    touch_functions,
)

_INTERVAL_SECONDS = 30.0

_logger = logging.getLogger(__name__)


class KnownFunctions:
    """The learnt costs, half a minute old at most while PostgreSQL is available."""

    def __init__(self, registry: Registry) -> None:
        self._installed = tuple(
            InstalledFunction(function.name, function.version, function.fingerprint)
            for function in registry
        )
        self._is_registered = False
        self._costs: Mapping[tuple[str, int], LearntCost] = {}

    def cost(self, name: str, version: int) -> LearntCost | None:
        """Return what recent runs cost; None if there were none."""
        return self._costs.get((name, version))

    async def run(self, database: Database) -> None:
        """Register the functions, and refresh their costs until cancelled."""
        problem = None
        while True:
            try:
                await self._register(database)
                self._costs = await database.run_transaction(find_costs)
                problem = None
            except StoreUnavailable:
                pass  # others say so
            except DATABASE_ERRORS as error:  # such as a schema that is yet to be migrated
                if brief(error) != problem:
                    problem = brief(error)
                    _logger.warning("Cannot read what functions cost: %s", problem)
            await asyncio.sleep(_INTERVAL_SECONDS)

    async def _register(self, database: Database) -> None:
        """Say once which functions there are, and now and then that they are still there."""
        if self._is_registered:
            await database.run_transaction(
                lambda connection: touch_functions(connection, self._installed)
            )
            return
        changed = await database.run_transaction(
            lambda connection: register_functions(connection, self._installed)
        )
        self._is_registered = True
        for name, version in changed:
            _logger.warning(
                "The source of the function %s has changed, but not its version, %d. Results of "
                "the former source are still served. Raise the version if results differ",
                name,
                version,
            )
