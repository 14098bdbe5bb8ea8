"""GET /calculations/{id}/events: the document as it changes (server-sent events)."""

import asyncio
import json
from collections.abc import AsyncGenerator
from uuid import UUID

import falcon
import falcon.asgi

from gateway.http.answers import begun, no_body
from gateway.http.identifiers import parse_calculation_id
from gateway.routes.calculations import Services
from shared.calculation import document, is_final
from shared.store.calculations import Row

#: The longest silence in seconds. Whoever stands between takes a longer one for the end.
_HEARTBEAT_SECONDS = 10.0

#: The id of the last event. A browser that connects again after it is told to stop, with 204.
_LAST_EVENT = "final"


class Events:
    """A stream that begins with the document as it is and ends with the final one."""

    def __init__(
        self, services: Services, *, heartbeat_seconds: float = _HEARTBEAT_SECONDS
    ) -> None:
        self._services = services
        self._heartbeat_seconds = heartbeat_seconds

    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, calculation_id: str
    ) -> None:
        """Answer with the stream."""
        first, stream = await begun(self._stream(parse_calculation_id(calculation_id)))
        resp.cache_control = ["no-store"]
        if _is_last(first) and req.get_header("Last-Event-ID") == _LAST_EVENT:
            await stream.aclose()
            resp.status = falcon.HTTP_204
            return
        resp.content_type = "text/event-stream"
        resp.set_header("X-Accel-Buffering", "no")
        if req.method == "GET":
            resp.sse = stream
        else:
            await stream.aclose()
            resp.stream = no_body()

    on_head = on_get

    async def _stream(self, identity: UUID) -> AsyncGenerator[falcon.asgi.SSEvent | None, None]:
        loop = asyncio.get_running_loop()
        with self._services.waiters.watch(identity) as waiter:
            row: Row | None = await self._services.lookup.get(identity)
            while waiter.discard_row():  # what was handed over meanwhile may be newer than this
                row = await self._services.lookup.get(identity)
            shown = ""
            silent_until = loop.time() + self._heartbeat_seconds
            while True:
                text = json.dumps(document(row)) if row is not None else shown
                if row is not None and text != shown:
                    shown = text
                    event = _event(row, text)
                    yield event
                    if _is_last(event):
                        return
                    silent_until = loop.time() + self._heartbeat_seconds
                elif loop.time() >= silent_until:
                    yield None  # a comment
                    silent_until = loop.time() + self._heartbeat_seconds
                # A row that comes and shows nothing new does not put the comment off.
                row = await waiter.next_row(max(0.0, silent_until - loop.time()))


def _event(row: Row, text: str) -> falcon.asgi.SSEvent:
    event_id = _LAST_EVENT if is_final(row["status"]) else None
    return falcon.asgi.SSEvent(data=text.encode(), event_id=event_id)


def _is_last(event: falcon.asgi.SSEvent | None) -> bool:
    return event is not None and event.event_id == _LAST_EVENT
