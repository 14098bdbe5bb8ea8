"""Many items, few batches."""

import asyncio
import gc

import pytest

from gateway.database.batching import Batcher
from shared.errors import StoreUnavailable


@pytest.fixture(autouse=True)
def _no_statement_is_slow(monkeypatch):
    """Else a busy machine could start a second batch beside the first."""
    monkeypatch.setattr("gateway.database.batching._SLOW_SECONDS", 60)


def execute_all(execute_batch, items, max_cost=10):
    """Execute all items together; return their results or errors."""

    async def run():
        batcher = Batcher(execute_batch, lambda _: 1, max_cost)
        return await asyncio.gather(*map(batcher.execute, items), return_exceptions=True)

    return asyncio.run(run())


def test_each_item_gets_its_own_result_in_few_batches():
    batches = []

    async def double(numbers):
        batches.append(len(numbers))
        await asyncio.sleep(0)
        return [2 * number for number in numbers]

    assert execute_all(double, range(25)) == [2 * number for number in range(25)]
    assert batches == [10, 10, 5]


def test_items_that_come_during_a_statement_share_the_next():
    batches = []

    async def run():
        has_begun, go_on = asyncio.Event(), asyncio.Event()

        async def execute_batch(numbers):
            batches.append(list(numbers))
            has_begun.set()
            await go_on.wait()
            return numbers

        batcher = Batcher(execute_batch, lambda _: 1, 10)
        tasks = [asyncio.create_task(batcher.execute(0))]
        await has_begun.wait()
        tasks += [asyncio.create_task(batcher.execute(number)) for number in (1, 2, 3)]
        await asyncio.sleep(0)  # all three wait now
        go_on.set()
        await asyncio.gather(*tasks)

    asyncio.run(run())
    assert batches == [[0], [1, 2, 3]]


@pytest.mark.slow
def test_after_a_batch_of_many_the_next_statement_waits_for_more_items(monkeypatch):
    monkeypatch.setattr("gateway.database.batching._MAX_PAUSE_SECONDS", 0.5)
    monkeypatch.setattr("gateway.database.batching._PAUSE_SECONDS", 0.25)
    batches = []

    async def execute_batch(numbers):
        batches.append(list(numbers))
        return numbers

    async def run():
        batcher = Batcher(execute_batch, lambda _: 1, 10)
        await asyncio.gather(*map(batcher.execute, (1, 2)))
        later = [asyncio.create_task(batcher.execute(3))]
        for _ in range(3):
            await asyncio.sleep(0)  # the pause has begun
        later.append(asyncio.create_task(batcher.execute(4)))
        await asyncio.gather(*later)
        await batcher.execute(5)

    asyncio.run(run())
    assert batches == [[1, 2], [3, 4], [5]]


def test_two_tasks_that_pause_do_not_take_the_same_items(monkeypatch):
    monkeypatch.setattr("gateway.database.batching._SLOW_SECONDS", 0.01)
    problems = []

    async def execute_batch(numbers):
        await asyncio.sleep(0.05)
        return numbers

    async def run():
        monkeypatch.setattr("gateway.database.batching._PAUSE_SECONDS", 0.1)
        monkeypatch.setattr("gateway.database.batching._MAX_PAUSE_SECONDS", 0.2)
        asyncio.get_running_loop().set_exception_handler(lambda _, found: problems.append(found))
        batcher = Batcher(execute_batch, lambda _: 1, 10)
        first = [asyncio.create_task(batcher.execute(number)) for number in range(2)]
        await asyncio.sleep(0.03)
        second = [asyncio.create_task(batcher.execute(number)) for number in range(2)]
        assert len(await asyncio.gather(*first, *second)) == 4
        await asyncio.wait([*batcher._tasks, asyncio.create_task(asyncio.sleep(0))])
        gc.collect()  # reports tasks that ended with an error

    asyncio.run(run())
    assert not problems


def test_an_item_that_fails_fails_alone():
    async def execute_batch(numbers):
        if 3 in numbers:
            raise ValueError(3)
        return numbers

    found = execute_all(execute_batch, range(6))
    assert [one for one in found if not isinstance(one, ValueError)] == [0, 1, 2, 4, 5]


def test_a_batch_that_found_the_store_unavailable_is_not_repeated_item_by_item():
    calls = []

    async def execute_batch(numbers):
        calls.append(numbers)
        raise StoreUnavailable

    found = execute_all(execute_batch, range(6))
    assert all(isinstance(one, StoreUnavailable) for one in found)
    assert len(calls) == 1


def test_an_item_that_is_cancelled_harms_no_other():
    async def execute_batch(numbers):
        await asyncio.sleep(0.01)
        return numbers

    async def run():
        batcher = Batcher(execute_batch, lambda _: 1, 10)
        cancelled, other = (asyncio.create_task(batcher.execute(number)) for number in (1, 2))
        await asyncio.sleep(0)
        cancelled.cancel()
        assert await other == 2
        with pytest.raises(asyncio.CancelledError):
            await cancelled

    asyncio.run(run())
