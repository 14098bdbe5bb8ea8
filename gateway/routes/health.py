"""GET /health/live and /health/ready: is the process alive, and can it take work in."""

import asyncio

import falcon.asgi
import psycopg2
from psycopg2 import errorcodes
from sqlalchemy.exc import DBAPIError

from gateway.database.database import Database
from gateway.database.shared_query import SharedQuery
from gateway.http.answers import write_json
from gateway.waiting.capacity import find_capacity
from shared.calculation import Lane
from shared.errors import StoreUnavailable
from shared.postgres.outages import brief
from shared.store.schema import NO_SCHEMA, Schema, find_revision, find_schema

#: Both together take less than those who ask wait for an answer.
_DATABASE_SECONDS = 2.0
_CAPACITY_SECONDS = 1.5

_FRESH_SECONDS = 0.5
_MAX_SHARE = 0.05


class Live:
    """The process answers."""

    async def on_get(
        self,
        req: falcon.asgi.Request,  # noqa: ARG002
        resp: falcon.asgi.Response,
    ) -> None:
        """Answer 200 whatever its dependencies do."""
        write_json(resp, {"status": "live"})

    on_head = on_get


class Ready:
    """The process can take calculations in.

    That needs a PostgreSQL that takes writes, with a schema that this version works with. What is
    needed besides to compute them is shown, but work is accepted without it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._capacity = SharedQuery(database, find_capacity, _FRESH_SECONDS, max_share=_MAX_SHARE)

    async def on_get(
        self,
        req: falcon.asgi.Request,  # noqa: ARG002
        resp: falcon.asgi.Response,
    ) -> None:
        """Answer 200 with the state of each dependency, or 503 if work cannot be accepted."""
        fault = await self._database_fault()
        others = await self._other_faults(is_ready=fault is None)
        if fault is not None:
            resp.status = falcon.HTTP_503
            resp.set_header("Retry-After", "2")
        status = "unavailable" if fault else "degraded" if any(others.values()) else "ready"
        faults = {"postgresql": fault, **others}
        checks = {name: fault or "ok" for name, fault in faults.items()}
        write_json(resp, {"status": status, "checks": checks})

    on_head = on_get

    async def _database_fault(self) -> str | None:
        """Ask on the connections on which submissions are written."""
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
            return "read-only: it takes no calculations at present"
        return schema.fault

    async def _find_schema(self) -> Schema:
        try:
            return await self._database.fetch(find_schema())
        except psycopg2.Error as error:
            if error.pgcode != errorcodes.UNDEFINED_TABLE:
                raise
            schema = await self._find_revision()
            if schema.fault is None:  # it should have had that table
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
        except (
            DBAPIError
        ) as error:  # a bug, which is logged: calculations are accepted all the same
            return dict.fromkeys(names, f"unknown: {brief(error)}")
        return {
            "relay": capacity.relay_problem,
            "rabbitmq": capacity.broker_problem,
            **{f"{lane}_workers": capacity.worker_problem(lane) for lane in Lane},
        }
