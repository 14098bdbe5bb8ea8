"""Requests that are held are answered because of a notification, and not by a sweep.

The sweep comes after ten minutes here, so that nothing else could answer in time.
"""

import asyncio
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from gateway.waiting.waiters import Waiters
from shared.calculation import Lane
from shared.calculator import Calculator
from shared.failures import CANCELLED_JSON
from shared.store.attempts import finish_cancelled
from shared.store.leases import claim_calculation
from shared.store.new_calculations import insert_queued
from shared.store.notifications import notify_changed
from shared.store.quick import finish_quick_succeeded
from tests.asgi import serving
from tests.eventually import eventually
from tests.factories import make_calculation
from tests.integration.rows import WORKER

ARGUMENTS = {"n": 300_000}
BODY = b'{"function": "fibonacci", "arguments": {"n": 300000}}'


@pytest.fixture
def made(monkeypatch):
    """The waiters of the application, once there is one."""
    made: list[Waiters] = []

    def make(database):
        made.append(Waiters(database, sweep_seconds=600))
        return made[-1]

    monkeypatch.setattr("gateway.app.Waiters", make)
    return made


def is_listening(engine):
    with engine.begin() as connection:
        return connection.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle'"
                " AND application_name = 'reckoner gateway listener'"
                " AND datname = current_database()"
            )
        ).scalar_one()


def is_held(made, identity):
    """Say whether a request has read this calculation by itself and waits now."""
    return any(waiter.discarded_at for waiter in made[0]._waiters.get(identity, ()))


HELD: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a look-up": ("GET", "/calculations/{id}", {"prefer": "wait=60"}),
    "a submission": ("POST", "/calculations", {"prefer": "wait=60", "body": BODY}),
    "an event stream": ("GET", "/calculations/{id}/events", {}),
}


async def deleted(client, engine, calculation):
    assert (await client.ask("DELETE", f"/calculations/{calculation.id}")).status == 200
    return "cancelled"


async def cancelled_among_many(client, engine, calculation):
    body = b'{"status": "queued"}'
    answer = await client.ask("POST", "/calculations/cancel", body=body)
    assert answer.json() == {"cancelled": 1, "cancelling": 0, "next": None}
    return "cancelled"


async def finished(client, engine, calculation):
    await asyncio.to_thread(finish, engine, calculation)
    return "succeeded"


@pytest.mark.parametrize("change", [deleted, cancelled_among_many, finished])
@pytest.mark.parametrize("case", HELD)
def test_a_held_request_is_answered_when_its_calculation_ends(
    engine, store_settings, registry, made, case, change
):
    calculation = queued(engine)
    method, path, more = HELD[case]

    async def scenario():
        async with serving(store_settings, registry) as client:
            await asyncio.to_thread(eventually, lambda: is_listening(engine))
            held = asyncio.create_task(client.ask(method, path.format(id=calculation.id), **more))
            await asyncio.to_thread(eventually, partial(is_held, made, calculation.id))
            status = await change(client, engine, calculation)
            return status, await asyncio.wait_for(held, 30)

    status, answer = asyncio.run(scenario())
    assert answer.status == 200
    if case == "an event stream":
        first, last = answer.body.decode().rstrip().split("\n\n")
        assert '"status": "queued"' in first
        assert "id: " not in first
        assert f'"status": "{status}"' in last
        assert "id: final" in last
    else:
        assert answer.json()["status"] == status


def test_a_cancel_responds_at_once_and_waiters_are_answered_when_the_worker_has_ended_it(
    engine, store_settings, registry, made
):
    calculation = queued(engine, Lane.HEAVY)
    path = f"/calculations/{calculation.id}"

    async def scenario():
        async with serving(store_settings, registry) as client:
            await asyncio.to_thread(eventually, lambda: is_listening(engine))
            claimed = await asyncio.to_thread(claim, engine, calculation)
            held = asyncio.create_task(client.ask("GET", path, prefer="wait=60"))
            await asyncio.to_thread(eventually, partial(is_held, made, calculation.id))
            asked = await client.ask("DELETE", path)
            assert not held.done()
            await asyncio.to_thread(end_cancelled, engine, claimed)
            return asked, await asyncio.wait_for(held, 30)

    asked, answer = asyncio.run(scenario())
    assert (asked.status, asked.json()["status"]) == (202, "running")
    assert int(asked.headers["retry-after"]) >= 1
    assert answer.json()["status"] == "cancelled"


@pytest.mark.slow
def test_when_the_time_to_wait_is_over_the_response_is_the_unfinished_document(
    engine, store_settings, registry, made
):
    calculation = queued(engine)

    async def scenario():
        async with serving(store_settings, registry) as client:
            asking = (
                client.ask("GET", f"/calculations/{calculation.id}", prefer="wait=1"),
                client.ask("POST", "/calculations", body=BODY, prefer="wait=1"),
            )
            began = asyncio.get_running_loop().time()
            answers = await asyncio.wait_for(asyncio.gather(*asking), 30)
            return answers, asyncio.get_running_loop().time() - began

    (looked_up, submitted), seconds = asyncio.run(scenario())
    assert seconds >= 1
    assert (looked_up.status, submitted.status) == (200, 202)
    for answer in (looked_up, submitted):
        assert answer.json()["status"] == "queued"
        assert answer.headers["preference-applied"] == "wait=1"
        assert "prefer" in answer.headers["vary"].lower()
        assert int(answer.headers["retry-after"]) >= 1
    assert not made[0]._waiters, "nobody waits any more"


def queued(engine, lane=Lane.QUICK):
    calculation = make_calculation(arguments=ARGUMENTS, lane=lane)
    with engine.begin() as connection:
        insert_queued(connection, [calculation], "request")
    return calculation


def finish(engine, calculation):
    """Store the result as a quick worker does, whose statement notifies the gateways."""
    computed = Calculator().compute(calculation.function, calculation.arguments)
    with engine.begin() as connection:
        assert finish_quick_succeeded(connection, {calculation.id: computed}).ids == {
            calculation.id
        }


def claim(engine, calculation):
    with engine.begin() as connection:
        return claim_calculation(connection, calculation.id, worker_id=WORKER, lease_seconds=60)


def end_cancelled(engine, claimed):
    with engine.begin() as connection:
        assert finish_cancelled(connection, claimed, CANCELLED_JSON, worker_id=WORKER)
        notify_changed(connection, [claimed.calculation_id])
