"""What wakes a relay that polls every ten minutes; and what only polling finds."""

import asyncio
import dataclasses
import json
from functools import partial
from typing import Any

import pika
import pytest
from sqlalchemy import Engine, text

from shared.calculation import Lane
from shared.config import load_settings
from shared.messages import queue_name
from shared.postgres.connections import make_engine
from shared.store import new_calculations
from tests.asgi import serving
from tests.eventually import eventually
from tests.factories import make_calculation
from tests.faults.links import Links
from tests.integration.outbox import make_relay, queue, running, unpublished

#: Polling at this interval would come too late for any test.
NEVER_SECONDS = 600

#: Far below it, and enough for a machine with much to do.
SOON_SECONDS = 20

_LISTENER = "reckoner relay listener"


@pytest.fixture
def woken_only(settings, monkeypatch):
    """Settings of a relay that polls only when it starts, and sends one heartbeat."""
    monkeypatch.setattr("gateway.relay.process._HEARTBEAT_SECONDS", NEVER_SECONDS)
    return dataclasses.replace(settings, relay_poll_seconds=NEVER_SECONDS)


def is_published(engine: Engine) -> None:
    eventually(lambda: unpublished(engine) == 0, within_seconds=SOON_SECONDS)


def listeners(engine: Engine) -> list[int]:
    """Return the backends of relays that have begun to listen."""
    with engine.begin() as connection:
        found = connection.execute(
            text(
                "SELECT pid FROM pg_stat_activity WHERE application_name = :name"
                " AND datname = current_database() AND state = 'idle' AND query LIKE 'LISTEN%'"
            ),
            {"name": _LISTENER},
        )
        return list(found.scalars())


def settle(relay, engine: Engine) -> None:
    """Wait until it has polled once and waits to be woken."""
    eventually(lambda: listeners(engine))
    eventually(lambda: all(one.loop.problem is None for one in relay.lanes.values()))
    eventually(lambda: relay._next_poll_at > 0 and not any(o.is_busy for o in relay.lanes.values()))


@pytest.mark.parametrize(
    ("n", "lane"), [(300_000, Lane.QUICK), (50_000_000, Lane.HEAVY)], ids=["quick", "heavy"]
)
def test_submissions_over_http_are_published_at_once(woken_only, relay_engine, registry, n, lane):
    """By POST, in a batch, and again after a cancel."""
    relay = make_relay(woken_only, relay_engine)

    async def main() -> None:
        async with serving(woken_only, registry) as client:

            async def submit(target: str, **members: Any) -> Any:
                answer = await client.ask("POST", target, body=json.dumps(members).encode())
                assert answer.status in (200, 202), answer
                await asyncio.to_thread(is_published, relay_engine)
                return answer.json()

            one = {"function": "fibonacci", "arguments": {"n": n}}
            identity = (await submit("/calculations", **one))["id"]
            other = {**one, "arguments": {"n": n + 1}}
            await submit("/calculations/batch", calculations=[other])
            await client.ask("DELETE", f"/calculations/{identity}")
            assert (await submit("/calculations", **one))["id"] == identity

    with running(relay):
        settle(relay, relay_engine)
        asyncio.run(main())
    with relay_engine.begin() as connection:
        lanes = connection.exec_driver_sql("SELECT DISTINCT lane FROM calculations").scalars()
        assert list(lanes) == [lane]


def test_one_wakeup_is_enough_for_more_than_a_batch(woken_only, relay_engine):
    relay = make_relay(dataclasses.replace(woken_only, relay_batch=10), relay_engine)
    with running(relay):
        settle(relay, relay_engine)
        made = [make_calculation(arguments={"n": n}) for n in range(35)]
        with relay_engine.begin() as connection:
            new_calculations.insert_queued(connection, made, "request")
            connection.exec_driver_sql("SELECT pg_notify('reckoner_outbox', 'quick')")
        is_published(relay_engine)


def insert_and(engine: Engine, n: int, statement: str) -> None:
    """Queue one and do something, in one transaction, without a notification."""
    with engine.begin() as connection:
        new_calculations.insert_queued(
            connection, [make_calculation(arguments={"n": n})], "request"
        )
        connection.execute(text(statement))


def only_listener(engine: Engine) -> int | None:
    """Return the listener once the one before it is gone."""
    found = listeners(engine)
    return found[0] if len(found) == 1 else None


def is_replaced(engine: Engine, listener: int) -> bool:
    return any(pid != listener for pid in listeners(engine))


@pytest.mark.slow
def test_a_broken_listener_is_replaced_and_missed_rows_are_found(woken_only, relay_engine):
    relay = make_relay(woken_only, relay_engine)
    with running(relay):
        settle(relay, relay_engine)
        for n in (1, 2):
            before = eventually(partial(only_listener, relay_engine))
            assert before is not None
            insert_and(relay_engine, n, f"SELECT pg_terminate_backend({before})")
            is_published(relay_engine)
            eventually(partial(is_replaced, relay_engine, before))
        insert_and(relay_engine, 3, "SELECT pg_notify('reckoner_outbox', 'quick')")
        is_published(relay_engine)


@pytest.mark.slow
def test_rows_missed_by_a_silent_listener_are_found_by_polling(
    database_url, broker_url, postgres, engine
):
    links = Links()
    try:
        link = links.make(postgres.port)
        settings = load_settings(
            {
                "database_url": database_url.replace(f":{postgres.port}", f":{link.port}"),
                "broker_url": broker_url,
                "relay_poll_seconds": 0.5,
            }
        )
        through_link = make_engine(settings.sqlalchemy_url, connections=5, name="test relay")
        with running(make_relay(settings, through_link)):
            eventually(lambda: listeners(engine))
            queue(engine, 1)
            is_published(engine)
            assert link.freeze(_LISTENER.encode()) == 1
            insert_and(engine, 2, "SELECT pg_notify('reckoner_outbox', 'quick')")
            is_published(engine)
        through_link.dispose()
    finally:
        links.close()


@pytest.mark.slow
def test_rescued_rows_are_published_without_a_wakeup(woken_only, relay_engine, broker_url):
    fast = dataclasses.replace(woken_only, rescue_seconds=0.2, lost_message_seconds=0.2)
    connection = pika.BlockingConnection(pika.URLParameters(broker_url))
    channel = connection.channel()
    relay = make_relay(fast, relay_engine)

    def in_queue() -> bool:
        declared = channel.queue_declare(queue_name(Lane.QUICK), passive=True)
        return bool(declared.method.message_count)

    with running(relay):
        settle(relay, relay_engine)
        insert_and(relay_engine, 1, "SELECT pg_notify('reckoner_outbox', 'quick')")
        eventually(in_queue, within_seconds=SOON_SECONDS)
        for _ in range(2):
            channel.queue_purge(queue_name(Lane.QUICK))
            eventually(in_queue, within_seconds=SOON_SECONDS)
    connection.close()
