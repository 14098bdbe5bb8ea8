"""GET /health/live and /health/ready: is the process alive, and can it take work in."""

import asyncio

import falcon.asgi
import pika
from sqlalchemy.exc import ProgrammingError

from gateway.answers import write_json
from gateway.database import Database
from shared.config import Settings
from shared.errors import StoreUnavailable
from shared.store.models import SCHEMA_REVISION
from shared.store.system import find_schema_revision

_PATIENCE_SECONDS = 2.0


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

    That needs PostgreSQL with our schema. RabbitMQ is shown, but work is accepted without it.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._broker = [pika.URLParameters(url) for url in settings.amqp_urls]

    async def on_get(
        self,
        req: falcon.asgi.Request,  # noqa: ARG002
        resp: falcon.asgi.Response,
    ) -> None:
        """Answer 200 with the state of each dependency, or 503 if work cannot be accepted."""
        database, broker = await asyncio.gather(self._check_database(), self._check_broker())
        is_ready = database == "ok"
        status = "unavailable" if not is_ready else "ready" if broker == "ok" else "degraded"
        if not is_ready:
            resp.status = falcon.HTTP_503
            resp.set_header("Retry-After", "2")
        checks = {"postgresql": database, "rabbitmq": broker}
        write_json(resp, {"status": status, "checks": checks})

    on_head = on_get

    async def _check_database(self) -> str:
        try:
            revision = await asyncio.wait_for(
                self._database.run_one(find_schema_revision), _PATIENCE_SECONDS
            )
        except (StoreUnavailable, TimeoutError):
            return "unreachable"
        except ProgrammingError:
            return "not migrated: run `python -m migrations upgrade`"
        if revision != SCHEMA_REVISION:
            return (
                f"at schema {revision}, not {SCHEMA_REVISION}: run `python -m migrations upgrade`"
            )
        return "ok"

    async def _check_broker(self) -> str:
        for node in self._broker:
            try:
                _, writer = await asyncio.wait_for(
                    asyncio.open_connection(node.host, node.port), _PATIENCE_SECONDS
                )
            except (OSError, TimeoutError):
                continue
            writer.close()
            return "ok"
        return "unreachable"
