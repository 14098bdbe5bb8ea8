"""Threads of a gateway process: short work does not wait for long work."""

import asyncio
import threading

from sqlalchemy import text

from gateway.database.database import Database
from gateway.server.threads import ComputeThreads, WatchedThreads
from tests.engines import autocommit, make_pool
from tests.eventually import eventually


def test_long_work_delays_neither_queries_nor_what_is_computed_in_requests(engine, store_settings):
    pool = make_pool(store_settings)
    done = threading.Event()

    def query(connection):
        return connection.execute(text("SELECT 2")).scalar_one()

    async def scenario():
        database = Database(pool, engine, autocommit(engine), transactions=1, connections=1)
        threads = ComputeThreads()
        long = [asyncio.create_task(threads.long.run(done.wait)) for _ in range(20)]
        await asyncio.sleep(0)
        try:
            async with asyncio.timeout(10):
                return [
                    await database.run_autocommit(query),
                    await database.run_transaction(query),
                    await threads.inline.run(lambda: 3, "three"),
                ]
        finally:
            done.set()
            await asyncio.gather(*long)
            threads.close()
            database.close()

    assert asyncio.run(scenario()) == [2, 2, 3]


def test_threads_that_hang_are_named_and_known_to_be_stuck(monkeypatch):
    monkeypatch.setattr("gateway.server.threads._STUCK_SECONDS", 0.05)
    done = threading.Event()

    async def scenario():
        threads = WatchedThreads(2, "computing", max_seconds=0.05)
        hanging = [asyncio.create_task(threads.run(done.wait, name)) for name in ("a", "b")]
        try:
            await asyncio.to_thread(eventually, lambda: len(threads.hanging()) == 2)
            await asyncio.to_thread(eventually, lambda: threads.is_stuck)
            return sorted(threads.hanging())
        finally:
            done.set()
            await asyncio.gather(*hanging)
            threads.close()

    assert asyncio.run(scenario()) == ["computing: a", "computing: b"]
