"""Storing new work wakes the relay for its lanes, and nothing else does."""

import asyncio
import json
from typing import Any

import psycopg2
import pytest

from gateway.database.database import Database
from gateway.submission.relay_wakeup import RelayWakeup
from shared.calculation import Lane
from shared.errors import StoreUnavailable
from shared.failures import CANCELLED_JSON
from shared.postgres.connections import connect_to_listen
from shared.store.calculations import cancel_calculation
from shared.store.new_calculations import insert_queued
from shared.store.notifications import OUTBOX
from tests.asgi import serving
from tests.engines import autocommit, make_pool
from tests.eventually import eventually
from tests.factories import make_calculation

QUICK, HEAVY, INLINE = 300_000, 30_000_000, 1_000


@pytest.fixture
def relay(store_settings):
    """A connection that listens as a relay does."""
    connection = connect_to_listen(store_settings.sqlalchemy_url, OUTBOX, name="test relay")
    yield connection
    connection.close()


def received(relay):
    """Return the lanes that notifications have named, once there are some."""
    payloads: list[str] = []

    def has_received():
        relay.poll()
        payloads.extend(one.payload for one in relay.notifies)
        relay.notifies.clear()
        return payloads

    eventually(has_received)
    return {lane for payload in payloads for lane in payload.split(",")}


def one(n):
    return {"function": "fibonacci", "arguments": {"n": n}}


def request(n):
    return ("POST", "/calculations", one(n))


def batch(*sizes):
    return ("POST", "/calculations/batch", {"calculations": [one(n) for n in sizes]})


CASES = {
    "one": ([request(QUICK)], {Lane.QUICK}),
    "one after one that was computed at once": ([request(INLINE), request(HEAVY)], {Lane.HEAVY}),
    "many at once": ([request(QUICK + index) for index in range(50)], {Lane.QUICK}),
    "a batch": ([batch(QUICK, HEAVY)], {Lane.QUICK, Lane.HEAVY}),
    "a batch of one lane": ([batch(HEAVY)], {Lane.HEAVY}),
    "one line of text": ([("GET", f"/calculate/{QUICK}", None)], {Lane.QUICK}),
}


def send(settings, registry, relay, requests):
    """Send requests together; return the answers, and the lanes for which the relay is woken."""

    async def scenario():
        async with serving(settings, registry) as client:
            answers = await asyncio.gather(
                *(
                    client.ask(method, path, body=json.dumps(body).encode() if body else b"")
                    for method, path, body in requests
                )
            )
            # Before the application ends, which does not wait for its notifications.
            return answers, await asyncio.to_thread(received, relay)

    return asyncio.run(scenario())


@pytest.mark.parametrize("case", CASES)
def test_new_work_wakes_the_relay_for_its_lanes(store_settings, registry, relay, case):
    requests, lanes = CASES[case]
    answers, woken = send(store_settings, registry, relay, requests)
    assert {answer.status for answer in answers} <= {200, 202}
    assert woken == lanes


@pytest.mark.parametrize("make", [request, batch])
def test_resubmitting_a_cancelled_calculation_wakes_the_relay(
    engine, store_settings, registry, relay, make
):
    calculation = make_calculation(arguments={"n": QUICK})
    with engine.begin() as connection:
        insert_queued(connection, [calculation], "request")
        cancel_calculation(connection, calculation.id, CANCELLED_JSON)
    (answer,), woken = send(store_settings, registry, relay, [make(QUICK)])
    assert answer.status == 202
    assert woken == {Lane.QUICK}


class FailingDatabase:
    """A database whose next query fails."""

    def __init__(self, database, error):
        self._database = database
        self._errors = [error]

    async def fetch(self, query):
        if self._errors:
            raise self._errors.pop()
        return await self._database.fetch(query)


@pytest.mark.parametrize(
    "error", [StoreUnavailable(), psycopg2.ProgrammingError("a bug")], ids=repr
)
def test_after_a_wake_up_that_failed_others_follow(engine, store_settings, relay, error):
    pool = make_pool(store_settings)

    async def scenario():
        database = Database(pool, engine, autocommit(engine), transactions=1, connections=1)
        failing: Any = FailingDatabase(database, error)
        wakeup = RelayWakeup(failing)
        wakeup.wake({Lane.QUICK})
        while wakeup._task:
            await asyncio.gather(wakeup._task, return_exceptions=True)
        wakeup.wake({Lane.QUICK})
        wakeup.wake({Lane.HEAVY})
        while wakeup._task:
            await wakeup._task
        pool.close()

    asyncio.run(asyncio.wait_for(scenario(), 30))
    assert received(relay) == {Lane.QUICK, Lane.HEAVY}
