"""Event streams without a server: heartbeats, and changes that must not be missed."""

import asyncio
import json
from contextlib import asynccontextmanager
from functools import partial

import falcon.asgi
import falcon.testing
import pytest

from gateway.database.database import Database
from gateway.routes.events import Events
from gateway.waiting.lookup import Lookup
from gateway.waiting.waiters import Waiters
from shared.failures import CANCELLED_JSON
from shared.store.calculations import cancel_calculation
from tests.engines import autocommit, make_pool
from tests.integration.gateway.routes.queued import queue_calculations


@asynccontextmanager
async def events_of(engine, settings, *, sweep_seconds, make_lookup=Lookup, **options):
    """Events without a server, and with the waiters' task."""
    pool = make_pool(settings)
    database = Database(pool, engine, autocommit(engine), transactions=2, connections=2)
    waiters = Waiters(database, sweep_seconds=sweep_seconds)
    lookup = make_lookup(database, waiters)
    sweeping = asyncio.create_task(waiters.run())
    try:
        yield Events(lookup, waiters, **options)
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


@pytest.mark.slow
def test_unchanged_rows_do_not_postpone_the_heartbeat(engine, store_settings):
    """The sweep delivers them again and again, and else the stream would be silent."""
    (path,) = queue_calculations(engine, 1)

    async def scenario():
        made = events_of(engine, store_settings, sweep_seconds=0.1, heartbeat_seconds=0.5)
        async with made as events:
            return await first_events(events, path, 4)

    first, *comments = asyncio.run(scenario())
    assert json.loads(first.data)["status"] == "queued"
    assert comments == [None, None, None]


class OutdatedLookup(Lookup):
    """A lookup whose first row is outdated, and its change delivered, before it returns."""

    def __init__(self, database, waiters, change):
        super().__init__(database, waiters)
        self._waiters = waiters
        self._change = change

    async def get(self, identity):
        row = await super().get(identity)
        if self._change is not None:
            change, self._change = self._change, None
            with self._waiters.watch(identity) as other:
                await asyncio.to_thread(change, identity)
                self._waiters.mark_changed([identity])
                assert await other.next_row(20)
        return row


def test_a_change_during_the_first_query_is_an_event(engine, store_settings):
    """The next sweep is in ten minutes, and nothing else changes."""
    (path,) = queue_calculations(engine, 1)

    def cancel(identity):
        with engine.begin() as connection:
            cancel_calculation(connection, identity, CANCELLED_JSON)

    async def scenario():
        made = events_of(
            engine,
            store_settings,
            sweep_seconds=600.0,
            make_lookup=partial(OutdatedLookup, change=cancel),
        )
        async with made as events:
            return await first_events(events, path, 1)

    (event,) = asyncio.run(scenario())
    assert json.loads(event.data)["status"] == "cancelled"
