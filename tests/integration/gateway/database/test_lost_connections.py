"""Connections of the event loop that break or fall silent, and servers that do not answer."""

import asyncio
import socket
from contextlib import contextmanager

import pytest

from shared.config import load_settings
from shared.errors import StoreUnavailable
from shared.postgres.prepared import Prepared, Query
from tests.engines import make_pool
from tests.integration.gateway.database.queries import (
    backends,
    end_all,
    held,
    lock,
    number,
    run,
    wait_until_held,
)


def test_a_connection_that_was_terminated_is_replaced(engine, store_settings):
    pool = make_pool(store_settings)

    async def scenario():
        first = await asyncio.gather(pool.fetch(number(1, 0.1)), pool.fetch(number(2, 0.1)))
        await asyncio.to_thread(end_all, engine)
        return [*first, await pool.fetch(number(3)), await pool.fetch(number(4))]

    assert run(pool, scenario()) == [1, 2, 3, 4]


def test_a_query_whose_connection_breaks_is_executed_again(engine, store_settings):
    pool = make_pool(store_settings)

    async def scenario():
        await pool.fetch(number(0))
        before = backends(engine)
        with lock(engine):
            task = asyncio.create_task(pool.fetch(held()))
            await wait_until_held(engine)
            await asyncio.to_thread(end_all, engine)
        return before, await task

    before, used = run(pool, scenario())
    assert used not in before


@pytest.mark.slow
def test_an_answer_that_does_not_come_is_not_waited_for(store_settings):
    pool = make_pool(store_settings, size=1)

    async def scenario():
        with timeout(pool, 0.3), pytest.raises(StoreUnavailable):
            await pool.fetch(number(9, 60))
        return await pool.fetch(number(10))

    assert run(pool, scenario()) == 10


@contextmanager
def timeout(pool, seconds):
    """Give queries that begin now another time limit."""
    usual, pool._timeout_seconds = pool._timeout_seconds, seconds
    try:
        yield
    finally:
        pool._timeout_seconds = usual


@pytest.mark.slow
def test_after_a_timeout_no_older_connection_is_used_again(engine, store_settings):
    """Neither one that was idle then nor one that was in use."""
    pid = Prepared("pid", ("float",), "SELECT pg_backend_pid() + 0 * length(pg_sleep($1)::text)")
    pool = make_pool(store_settings, size=3)

    def ask(after_seconds):
        return pool.fetch(Query(pid, (after_seconds,), lambda rows: next(iter(rows))[0]))

    def three():
        return asyncio.gather(*(ask(0.1) for _ in range(3)))

    async def scenario():
        before = await three()
        with lock(engine):
            in_use = asyncio.create_task(pool.fetch(held()))
            await wait_until_held(engine)
            with timeout(pool, 0.3), pytest.raises(StoreUnavailable):
                await ask(60.0)
        return before, await in_use, await three()

    before, in_use, after = run(pool, scenario())
    assert in_use in before
    assert not set(before) & set(after)


@pytest.mark.slow
def test_a_server_that_refuses_or_does_not_answer_is_unavailable(monkeypatch):
    monkeypatch.setattr("shared.postgres.servers._ALONE_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.socket() as refusing:
        refusing.bind(("127.0.0.1", 0))
        for server in (silent, refusing):
            url = f"postgresql+psycopg2://nobody@127.0.0.1:{server.getsockname()[1]}/nothing"
            settings = {"database_url": url, "broker_url": "amqp://127.0.0.1:1/%2F"}
            pool = make_pool(load_settings(settings))
            with pytest.raises(StoreUnavailable):
                run(pool, pool.fetch(number(11)))
