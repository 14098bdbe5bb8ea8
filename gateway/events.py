"""GET /calculations/{id}/events: the document as it changes (server-sent events)."""

import json
from collections.abc import AsyncIterator
from uuid import UUID

import falcon
import falcon.asgi

from gateway.calculations import Services
from gateway.identifiers import parse_calculation_id
from shared.calculation import document, is_final
from shared.store.calculations import Row

_HEARTBEAT_SECONDS = 15.0

#: The id of the last event. A browser that connects again after it is told to stop, with 204.
_LAST_EVENT = "final"


class Events:
    """A stream that begins with the document as it is and ends with the final one."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, calculation_id: str
    ) -> None:
        """Answer with the stream."""
        identity = parse_calculation_id(calculation_id)
        row = await self._services.get(identity)
        if is_final(row["status"]) and req.get_header("Last-Event-ID") == _LAST_EVENT:
            resp.status = falcon.HTTP_204
            return
        resp.cache_control = ["no-store"]
        resp.set_header("X-Accel-Buffering", "no")
        resp.sse = self._stream(identity)

    async def _stream(self, identity: UUID) -> AsyncIterator[falcon.asgi.SSEvent | None]:
        with self._services.waiting.watch(identity) as watch:
            row: Row | None = await self._services.get(identity)
            watch.looked()
            shown = ""
            while True:
                if row is None:
                    yield None  # a comment, so that nobody between takes the silence for an end
                else:
                    is_last = is_final(row["status"])
                    text = json.dumps(document(row))
                    if text != shown:
                        shown = text
                        yield falcon.asgi.SSEvent(
                            data=text.encode(), event_id=_LAST_EVENT if is_last else None
                        )
                    if is_last:
                        return
                row = await watch.next_row(_HEARTBEAT_SECONDS)
