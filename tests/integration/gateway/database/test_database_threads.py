"""Threads of a gateway process: what takes long does not stand before what is short."""

import asyncio
import threading

import pytest
from sqlalchemy import text

from gateway.database.database import Database
from tests.engines import autocommit, make_pool
from tests.eventually import eventually


def test_what_takes_long_holds_up_neither_queries_nor_what_is_computed_in_requests(
    engine, store_settings
):
    pool = make_pool(store_settings)
    done = threading.Event()

    def query(connection):
        return connection.execute(text("SELECT 2")).scalar_one()

    async def scenario():
        database = Database(pool, engine, autocommit(engine), transactions=1, connections=1)
        long = [asyncio.create_task(database.compute(done.wait)) for _ in range(20)]
        await asyncio.sleep(0)
        try:
            async with asyncio.timeout(10):
                return [
                    await database.run_one(query),
                    await database.run(query),
                    await database.compute_inline(lambda: 3, "three"),
                ]
        finally:
            done.set()
            await asyncio.gather(*long)
            database.close()

    assert asyncio.run(scenario()) == [2, 2, 3]


def test_threads_that_hang_are_named_and_not_counted_on(engine, store_settings, monkeypatch):
    monkeypatch.setattr("gateway.database.database._INLINE_THREADS", 2)
    monkeypatch.setattr("gateway.database.database._INLINE_MOST_SECONDS", 0.05)
    monkeypatch.setattr("gateway.database.threads._STUCK_SECONDS", 0.05)
    pool = make_pool(store_settings)
    done = threading.Event()

    async def scenario():
        database = Database(pool, engine, autocommit(engine), transactions=1, connections=1)
        hanging = [
            asyncio.create_task(database.compute_inline(done.wait, name)) for name in ("a", "b")
        ]
        try:
            await asyncio.to_thread(eventually, lambda: len(database.hanging()) == 2)
            with pytest.raises(TimeoutError):
                await database.compute_inline(lambda: 3, "three")
            return sorted(database.hanging())
        finally:
            done.set()
            await asyncio.gather(*hanging)
            database.close()

    assert asyncio.run(scenario()) == ["computing in a request: a", "computing in a request: b"]
