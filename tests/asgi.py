"""The gateway's application on the event loop of a test, without a server before it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from gateway.app import create_app
from shared.config import Settings
from shared.functions.registry import Registry


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Asks an application, one request at a time or many."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def ask(
        self, method: str, target: str, /, *, body: bytes = b"", **headers: Any
    ) -> Answer:
        """Send a request; a header is named with underscores, such as `if_match`.

        One whose value is None is left out.
        """
        path, _, query = target.partition("?")
        sent: list[dict[str, Any]] = []
        events = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> dict[str, Any]:
            event = next(events, None)
            if event is None:
                await asyncio.Event().wait()  # the client stays
            assert event is not None
            return event

        async def send(event: dict[str, Any]) -> None:
            sent.append(event)

        given = {"host": "localhost", "content_length": str(len(body))} | headers
        if body:
            given.setdefault("content_type", "application/json")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [
                (name.replace("_", "-").encode(), value.encode())
                for name, value in given.items()
                if value is not None
            ],
            "server": ("localhost", 80),
            "client": ("127.0.0.1", 1),
        }
        await self._app(scope, receive, send)
        start, *rest = sent
        answered = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], answered, b"".join(one.get("body", b"") for one in rest))


@asynccontextmanager
async def serving(settings: Settings, registry: Registry) -> AsyncIterator[Client]:
    """Start what the application starts; yield a client of it; end it."""
    app = create_app(settings, registry)
    to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    lifespan = asyncio.create_task(app(scope, to_app.get, from_app.put))
    await to_app.put({"type": "lifespan.startup"})
    started = await from_app.get()
    assert started["type"] == "lifespan.startup.complete", started
    try:
        yield Client(app)
    finally:
        await to_app.put({"type": "lifespan.shutdown"})
        await from_app.get()
        await lifespan
