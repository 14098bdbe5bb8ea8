"""/health/live and /health/ready: whether the process is alive, and whether it accepts work."""

import asyncio
import dataclasses
from collections.abc import Sequence

import falcon.asgi
import psycopg2
from psycopg2 import errorcodes
from sqlalchemy.exc import DBAPIError

from gateway.access.scopes import by_method
from gateway.database.database import Database
from gateway.database.shared_query import SharedQuery
from gateway.http.limits import (
    STATE_FRESH_SECONDS,
    STATE_MAX_SHARE,
    UNAVAILABLE_RETRY_SECONDS,
)
from gateway.http.responses import write_json
from gateway.waiting.capacity import find_capacity
from shared.calculation import Lane
from shared.errors import StoreUnavailable
from shared.functions.registry import FunctionProblem
from shared.postgres.outages import brief
from shared.store.tables.schema import NO_SCHEMA, Schema, find_revision, find_schema

#: Together less than a probe usually waits.
_DATABASE_SECONDS = 2.0
_CAPACITY_SECONDS = 1.5


class Live:
    """Whether the process responds."""

    scopes = by_method(GET=None)

    async def on_get(
        self,
        req: falcon.asgi.Request,  # noqa: ARG002
        resp: falcon.asgi.Response,
    ) -> None:
        """Respond with 200, whatever the state of its dependencies."""
        write_json(resp, {"status": "live"})

    on_head = on_get


class Ready:
    """Whether the process accepts calculations.

    For that it needs a PostgreSQL that takes writes, and a compatible schema. What is needed to
    compute them is shown too, and which installed functions cannot be used, but work is accepted
    without it.
    """

    scopes = by_method(GET=None)

    def __init__(self, database: Database, problems: Sequence[FunctionProblem]) -> None:
        self._database = database
        self._problems = [dataclasses.asdict(problem) for problem in problems]
        self._check: asyncio.Task[str | None] | None = None
        self._capacity = SharedQuery(
            database, find_capacity, STATE_FRESH_SECONDS, max_share=STATE_MAX_SHARE
        )

    async def on_get(
        self,
        req: falcon.asgi.Request,  # noqa: ARG002
        resp: falcon.asgi.Response,
    ) -> None:
        """Respond with the state of each dependency: 200, or 503 if work cannot be accepted."""
        fault = await self._database_fault()
        others = await self._other_faults(is_ready=fault is None)
        if fault is not None:
            resp.status = falcon.HTTP_503
            resp.set_header("Retry-After", str(UNAVAILABLE_RETRY_SECONDS))
        status = "unavailable" if fault else "degraded" if any(others.values()) else "ready"
        faults = {"postgresql": fault, **others}
        checks = {name: fault or "ok" for name, fault in faults.items()}
        write_json(resp, {"status": status, "checks": checks, "problems": self._problems})

    on_head = on_get

    async def _database_fault(self) -> str | None:
        """Return what the check of PostgreSQL finds that is under way, or else a new one.

        Anybody may ask, and however many do, one query at a time is enough.
        """
        if self._check is None or self._check.done():
            self._check = asyncio.create_task(self._check_database())
        return await asyncio.shield(self._check)

    async def _check_database(self) -> str | None:
        """Query PostgreSQL on the connections that submissions use."""
        try:
            async with asyncio.timeout(_DATABASE_SECONDS):
                schema = await self._find_schema()
        except TimeoutError:
            return f"no answer within {_DATABASE_SECONDS:g} s"
        except StoreUnavailable:
            return "unreachable"
        except psycopg2.Error as error:
            return f"refuses what a submission needs: {brief(error)}"
        if schema.fault is None and schema.is_read_only:
            return "read-only: calculations are not accepted"
        return schema.fault

    async def _find_schema(self) -> Schema:
        try:
            return await self._database.fetch(find_schema())
        except psycopg2.Error as error:
            if error.pgcode != errorcodes.UNDEFINED_TABLE:
                raise
            schema = await self._find_revision()
            if schema.fault is None:  # a bug: this schema has that table
                raise
            return schema

    async def _find_revision(self) -> Schema:
        try:
            return await self._database.fetch(find_revision())
        except psycopg2.Error as error:
            if error.pgcode != errorcodes.UNDEFINED_TABLE:
                raise
            return NO_SCHEMA

    async def _other_faults(self, *, is_ready: bool) -> dict[str, str | None]:
        names = ["relay", "rabbitmq", *(f"{lane}_workers" for lane in Lane)]
        if not is_ready:
            return dict.fromkeys(names, "unknown")
        try:
            async with asyncio.timeout(_CAPACITY_SECONDS):
                capacity = await self._capacity.get()
        except (StoreUnavailable, TimeoutError):
            return dict.fromkeys(names, "unknown: PostgreSQL has no connection to spare")
        except DBAPIError as error:  # a bug, which SharedQuery logs; work is accepted nevertheless
            return dict.fromkeys(names, f"unknown: {brief(error)}")
        return {
            "relay": capacity.relay_problem,
            "rabbitmq": capacity.broker_problem,
            **{f"{lane}_workers": capacity.worker_problem(lane) for lane in Lane},
        }
