"""/calculations/events: GET streams a page of the list as it changes (server-sent events)."""

import asyncio
from collections.abc import AsyncGenerator, Callable

import falcon
import falcon.asgi

from gateway.access.scopes import by_method
from gateway.http.event_pieces import event_pieces
from gateway.http.limits import EVENT_HEARTBEAT_SECONDS
from gateway.http.list_query import LIST_PARAMETERS, ListQuery, read_list_query
from gateway.http.page import Page
from gateway.http.responses import peek, write_events
from gateway.waiting.lists import ListEnded, Lists
from shared.errors import AccessRefused, StoreUnavailable
from shared.keys.scope import Scope


class ListEvents:
    """A stream that begins with a page of the list, and goes on with what changes of it."""

    scopes = by_method(GET=Scope.READ)

    #: For KnownParameters.
    parameters = LIST_PARAMETERS

    def __init__(
        self,
        lists: Lists,
        check_again: Callable[[falcon.asgi.Request], None] = lambda _: None,
        *,
        heartbeat_seconds: float = EVENT_HEARTBEAT_SECONDS,
    ) -> None:
        """`check_again` raises once a request may no longer be answered."""
        self._lists = lists
        self._check_again = check_again
        self._heartbeat_seconds = heartbeat_seconds

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Respond with the stream, never silent for more than `heartbeat_seconds`."""
        _, stream = await peek(self._stream(read_list_query(req.params), req))
        await write_events(req, resp, stream)

    on_head = on_get

    async def _stream(
        self, query: ListQuery, req: falcon.asgi.Request
    ) -> AsyncGenerator[falcon.asgi.SSEvent | None, None]:
        loop = asyncio.get_running_loop()
        with self._lists.follow(query) as follower:
            shown: Page | None = None
            while shown is None:  # an outage raises, in the end
                shown = await follower.next_page(self._heartbeat_seconds)
            for piece in event_pieces("page", shown.parts()):
                yield piece
            silent_until = loop.time() + self._heartbeat_seconds
            while True:
                try:
                    page = await follower.next_page(max(0.0, silent_until - loop.time()))
                    self._check_again(req)
                except (ListEnded, AccessRefused, StoreUnavailable):
                    return  # whoever connects again is told why
                # A client that reads slowly skips pages: it gets what has changed since its last.
                changes = None if page is None else page.changes_since(shown)
                if page is not None and changes is not None:
                    shown = page
                    for piece in event_pieces("changes", changes.parts()):
                        yield piece
                elif loop.time() >= silent_until:
                    yield None  # a comment, as heartbeat
                else:
                    continue
                silent_until = loop.time() + self._heartbeat_seconds
