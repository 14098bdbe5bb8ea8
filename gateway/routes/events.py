"""/calculations/{id}/events: GET streams the document as it changes (server-sent events)."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from uuid import UUID

import falcon
import falcon.asgi

from gateway.access.scopes import by_method
from gateway.http.document import encode_document, parse_calculation_id
from gateway.http.limits import EVENT_HEARTBEAT_SECONDS
from gateway.http.responses import peek, write_events
from gateway.waiting.lookup import Lookup
from gateway.waiting.waiters import Waiters
from shared.calculation import is_final
from shared.errors import AccessRefused, StoreUnavailable
from shared.keys.scope import Scope
from shared.store.calculations import Row

#: The id of the last event. A browser that reconnects after it gets 204, and stops.
_LAST_EVENT = "final"


class Events:
    """A stream that begins with the current document and ends with the final one."""

    scopes = by_method(GET=Scope.READ)

    def __init__(
        self,
        lookup: Lookup,
        waiters: Waiters,
        check_again: Callable[[falcon.asgi.Request], None] = lambda _: None,
        *,
        heartbeat_seconds: float = EVENT_HEARTBEAT_SECONDS,
    ) -> None:
        """`check_again` raises once a request may no longer be answered."""
        self._lookup = lookup
        self._waiters = waiters
        self._check_again = check_again
        self._heartbeat_seconds = heartbeat_seconds

    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, calculation_id: str
    ) -> None:
        """Respond with the stream, never silent for more than `heartbeat_seconds`."""
        first, stream = await peek(self._stream(parse_calculation_id(calculation_id), req))
        if _is_last(first) and req.get_header("Last-Event-ID") == _LAST_EVENT:
            await stream.aclose()
            resp.cache_control = ["no-store"]
            resp.status = falcon.HTTP_204
            return
        await write_events(req, resp, stream)

    on_head = on_get

    async def _stream(
        self, identity: UUID, req: falcon.asgi.Request
    ) -> AsyncGenerator[falcon.asgi.SSEvent | None, None]:
        loop = asyncio.get_running_loop()
        with self._waiters.watch(identity, is_stream=True) as waiter:
            row: Row | None = await self._lookup.get(identity)
            while waiter.discard_row():  # a row that arrived during the query may be newer
                row = await self._lookup.get(identity)
            shown = ""
            silent_until = loop.time() + self._heartbeat_seconds
            while True:
                text = encode_document(row) if row is not None else shown
                if row is not None and text != shown:
                    shown = text
                    event = _event(row, text)
                    yield event
                    if _is_last(event):
                        return
                    silent_until = loop.time() + self._heartbeat_seconds
                elif loop.time() >= silent_until:
                    yield None  # a comment, as heartbeat
                    silent_until = loop.time() + self._heartbeat_seconds
                # A row that shows nothing new does not postpone the heartbeat.
                row = await waiter.next_row(max(0.0, silent_until - loop.time()))
                try:
                    self._check_again(req)
                except (AccessRefused, StoreUnavailable):
                    return  # whoever connects again is told why


def _event(row: Row, text: str) -> falcon.asgi.SSEvent:
    event_id = _LAST_EVENT if is_final(row.status) else None
    return falcon.asgi.SSEvent(data=text.encode(), event_id=event_id)


def _is_last(event: falcon.asgi.SSEvent | None) -> bool:
    return event is not None and event.event_id == _LAST_EVENT
