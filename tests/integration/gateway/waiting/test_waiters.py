"""Waiters of one gateway process: which rows they receive, and what a thousand of them cost."""

import asyncio
import tracemalloc

import pytest

from gateway.database.database import Database
from gateway.waiting.waiters import Waiters
from shared.errors import StoreUnavailable
from tests.engines import autocommit, make_pool
from tests.factories import make_row
from tests.integration.gateway.waiting.running import (
    CountingPool,
    cancel,
    run,
    wait_for_cancelled,
    wait_until_listening,
)


def test_a_thousand_waiters_are_woken_by_a_few_queries(engine, store_settings, stored):
    pool = CountingPool(make_pool(store_settings))

    async def scenario(waiters):
        tasks = [
            asyncio.create_task(wait_for_cancelled(waiters, stored[index % len(stored)]))
            for index in range(1_000)
        ]
        await wait_until_listening(engine)
        pool.names.clear()
        await asyncio.to_thread(cancel, engine, stored)
        return await asyncio.gather(*tasks)

    assert set(run(engine, store_settings, scenario, pool)) == set(stored)
    assert 1 <= len(pool.names) <= 20
    assert set(pool.names) == {"find_calculations"}


def test_a_waiter_takes_a_few_kilobytes(engine, store_settings, stored):
    """Of Python's memory, at the peak while all of them receive their rows."""
    count = 1_000

    async def scenario(waiters):
        await wait_until_listening(engine)
        tracemalloc.start()
        try:
            tasks = [
                asyncio.create_task(wait_for_cancelled(waiters, stored[index % len(stored)]))
                for index in range(count)
            ]
            await asyncio.to_thread(cancel, engine, stored)
            await asyncio.gather(*tasks)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert run(engine, store_settings, scenario) < count * 12_000


@pytest.mark.slow
def test_under_steady_traffic_a_sweep_finds_what_a_lost_notification_named(
    engine, store_settings, stored
):
    """Another calculation changes all the time; no notification names ours."""
    ours, other = stored[:2]

    async def change_all_the_time(waiters):
        with waiters.watch(other):
            while True:
                waiters.mark_changed([other])
                await asyncio.sleep(0.005)

    async def scenario(waiters):
        traffic = asyncio.create_task(change_all_the_time(waiters))
        task = asyncio.create_task(wait_for_cancelled(waiters, ours))
        await asyncio.to_thread(cancel, engine, [ours])
        try:
            return await asyncio.wait_for(task, 20)
        finally:
            traffic.cancel()

    found = run(engine, store_settings, scenario, sweep_seconds=1.0, is_listening=False)
    assert found == ours


class FailingPool(CountingPool):
    """A pool whose first query fails."""

    def __init__(self, pool, error):
        super().__init__(pool)
        self._error = error

    async def fetch(self, query):
        if not self.names:
            self.names.append("failed")
            raise self._error
        return await super().fetch(query)


@pytest.mark.parametrize("error", [RuntimeError("a bug"), StoreUnavailable()], ids=repr)
@pytest.mark.slow
def test_a_query_that_fails_is_repeated_for_its_waiters(engine, store_settings, stored, error):
    pool = FailingPool(make_pool(store_settings), error)

    async def scenario(waiters):
        tasks = [asyncio.create_task(wait_for_cancelled(waiters, one)) for one in stored[:3]]
        await asyncio.to_thread(cancel, engine, stored[:3])
        waiters.mark_changed(stored[:3])
        return await asyncio.wait_for(asyncio.gather(*tasks), 20)

    found = run(engine, store_settings, scenario, pool, is_listening=False)
    assert found == stored[:3]
    assert pool.names[0] == "failed"


class PoisonedPool(CountingPool):
    """A pool that fails whenever a query names one calculation."""

    def __init__(self, pool, identity):
        super().__init__(pool)
        self._identity = str(identity)

    async def fetch(self, query):
        if self._identity in query.values[0]:
            self.names.append("poison")
            raise RuntimeError("a bug")
        return await super().fetch(query)


@pytest.mark.slow
def test_a_row_that_cannot_be_read_delays_no_sweep(engine, store_settings, stored, monkeypatch):
    """Each query for it fails, and the task that reads for all starts again."""
    monkeypatch.setattr("gateway.waiting.waiters._MAX_PER_QUERY", 1)
    ours, poison = stored[:2]
    pool = PoisonedPool(make_pool(store_settings), poison)

    async def scenario(waiters):
        with waiters.watch(poison):
            waiters.mark_changed([poison])
            task = asyncio.create_task(wait_for_cancelled(waiters, ours))
            await asyncio.to_thread(cancel, engine, [ours])
            return await asyncio.wait_for(task, 20)

    found = run(engine, store_settings, scenario, pool, sweep_seconds=2.0, is_listening=False)
    assert found == ours
    assert "poison" in pool.names


class HeldPool(CountingPool):
    """A pool that holds back the answer of its first query until `go_on` is set."""

    def __init__(self, pool):
        super().__init__(pool)
        self.has_read = asyncio.Event()
        self.go_on = asyncio.Event()

    async def fetch(self, query):
        rows = await super().fetch(query)
        if len(self.names) == 1:
            self.has_read.set()
            await self.go_on.wait()
        return rows


def test_a_row_is_never_delivered_to_a_waiter_that_has_read_a_newer_one(
    engine, store_settings, stored
):
    """The row was read, then the calculation changed, then the waiter read that by itself."""
    identity = stored[0]
    pool = HeldPool(make_pool(store_settings))

    async def scenario(waiters):
        with waiters.watch(identity) as waiter:
            waiter.discard_row()
            waiters.mark_changed([identity])
            await pool.has_read.wait()
            await asyncio.to_thread(cancel, engine, [identity])
            waiter.discard_row()
            pool.go_on.set()
            return await waiter.next_row(20)

    row = run(engine, store_settings, scenario, pool, is_listening=False)
    assert row is not None, "what was read too early must be read again"
    assert row.status == "cancelled"


def test_a_cancel_in_the_moment_of_a_change_ends_the_task(engine, store_settings, stored):
    """Else a process that is stopped would wait for it without end."""

    async def main():
        pool = make_pool(store_settings)
        waiters = Waiters(Database(pool, engine, autocommit(engine), transactions=1, connections=1))
        running = asyncio.create_task(waiters.run())
        with waiters.watch(stored[0]) as waiter:
            waiting = asyncio.create_task(waiter.next_row(60))
            for _ in range(3):
                await asyncio.sleep(0)  # both wait now
            waiters.mark_changed(stored[:1])
            waiter.deliver(make_row())
            for task in (running, waiting):
                task.cancel()
            await asyncio.wait([running, waiting], timeout=10)
        pool.close()
        return running.cancelled(), waiting.cancelled()

    assert asyncio.run(main()) == (True, True)
