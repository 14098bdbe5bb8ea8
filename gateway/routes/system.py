"""/system: GET shows queues, what is and may be queued and stored, relays, and what workers run."""

import asyncio

import falcon.asgi

from gateway.access.scopes import by_method
from gateway.admission.admission import Admission
from gateway.database.database import Database
from gateway.database.shared_query import SharedQuery
from gateway.http.limits import STATE_FRESH_SECONDS, STATE_MAX_SHARE
from gateway.http.responses import write_json
from gateway.metrics.build import build
from gateway.state.members import (
    problem_members,
    slow_members,
    state_members,
    storage_members,
)
from gateway.state.problems import find_problems
from gateway.state.reading import read_slowly, read_state
from shared.config import Settings
from shared.functions.offers import offers_of
from shared.functions.registry import Registry
from shared.keys.scope import Scope
from shared.store.retention.state import measure_storage

#: What reads the rows of failures, and the sizes of files.
_SLOW_FRESH_SECONDS = 10.0


class System:
    """The state of Reckoner, as PostgreSQL knows it."""

    scopes = by_method(GET=Scope.OPERATE)

    def __init__(
        self, database: Database, registry: Registry, admission: Admission, settings: Settings
    ) -> None:
        self._admission = admission
        self._settings = settings
        self._installed = offers_of(registry)
        self._function_faults = registry.problems
        # By themselves: where very much has just finished, the rest does not wait for its sum.
        self._state, self._storage, self._slow = (
            SharedQuery(database, read_state, STATE_FRESH_SECONDS, max_share=STATE_MAX_SHARE),
            SharedQuery(database, measure_storage, STATE_FRESH_SECONDS, max_share=STATE_MAX_SHARE),
            SharedQuery(database, read_slowly, _SLOW_FRESH_SECONDS, max_share=STATE_MAX_SHARE),
        )

    async def on_get(
        self,
        req: falcon.asgi.Request,  # noqa: ARG002
        resp: falcon.asgi.Response,
    ) -> None:
        """Respond with the state; it may be a moment old, or older if the query takes long."""
        reading, admission, storage, slow = await asyncio.gather(
            self._state.get(), self._admission.state(), self._storage.get(), self._slow.get()
        )
        problems = find_problems(
            reading,
            storage,
            self._admission.queued_work.total,
            self._settings,
            self._installed,
            self._function_faults,
        )
        content = {
            "problems": problem_members(problems),
            **state_members(reading, self._installed),
            "admission": admission,
            "storage": storage_members(storage, self._settings),
            **slow_members(slow, storage, self._settings),
            "build": build()._asdict(),
        }
        write_json(resp, content)

    on_head = on_get
