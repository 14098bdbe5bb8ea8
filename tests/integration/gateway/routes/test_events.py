"""Event streams without a server: heartbeats, and changes that must not be missed."""

import asyncio
import json
from contextlib import asynccontextmanager

import falcon.asgi
import falcon.testing

from gateway.database.database import Database
from gateway.database.looking import make_look
from gateway.routes.events import Events
from gateway.waiting.lookup import Lookup
from gateway.waiting.waiters import Waiting
from shared.failures import CANCELLED_JSON
from shared.store.calculations import cancel_calculation
from tests.engines import autocommit, make_pool
from tests.integration.gateway.routes.queued import queue_calculations


@asynccontextmanager
async def events_of(engine, settings, *, sweep_seconds, look=None, **options):
    """Yield Events without a server; `look` may wrap the look-up."""
    pool = make_pool(settings)
    database = Database(pool, engine, autocommit(engine), transactions=2, connections=2)
    waiting = Waiting(database, sweep_seconds=sweep_seconds)
    find = make_look(database)
    lookup = Lookup(look(find, waiting) if look else find, waiting)
    sweeping = asyncio.create_task(waiting.run())
    try:
        yield Events(lookup, waiting, **options)
    finally:
        sweeping.cancel()
        pool.close()


async def first_events(events, path, count):
    """Return the first events of a stream; None is a comment."""
    response = falcon.asgi.Response()
    request = falcon.testing.create_asgi_req(path=path)
    await events.on_get(request, response, path.rsplit("/", 1)[1])
    assert response.sse is not None
    stream = aiter(response.sse)
    async with asyncio.timeout(20):
        return [await anext(stream) for _ in range(count)]


def test_unchanged_rows_do_not_postpone_the_heartbeat(engine, store_settings):
    """The sweep hands over every row again and again; no heartbeat would ever be sent."""
    (path,) = queue_calculations(engine, 1)

    async def scenario():
        made = events_of(engine, store_settings, sweep_seconds=0.1, heartbeat_seconds=0.5)
        async with made as events:
            return await first_events(events, path, 4)

    first, *comments = asyncio.run(scenario())
    assert json.loads(first.data)["status"] == "queued"
    assert comments == [None, None, None]


class OutrunLook:
    """A look-up whose first row changes, and is handed over, before it returns."""

    def __init__(self, find, waiting, change):
        self._find = find
        self._waiting = waiting
        self._change = change

    async def ask(self, identity):
        row = await self._find.ask(identity)
        if self._change is not None:
            change, self._change = self._change, None
            with self._waiting.watch(identity) as other:
                await asyncio.to_thread(change, identity)
                self._waiting.changed([identity])
                assert await other.next_row(20)
        return row


def test_a_change_during_the_first_query_is_an_event(engine, store_settings):
    """The next sweep is ten minutes away, so only this change can bring the event."""
    (path,) = queue_calculations(engine, 1)

    def cancel(identity):
        with engine.begin() as connection:
            cancel_calculation(connection, identity, CANCELLED_JSON)

    async def scenario():
        made = events_of(
            engine,
            store_settings,
            sweep_seconds=600.0,
            look=lambda find, waiting: OutrunLook(find, waiting, cancel),
        )
        async with made as events:
            return await first_events(events, path, 1)

    (event,) = asyncio.run(scenario())
    assert json.loads(event.data)["status"] == "cancelled"
