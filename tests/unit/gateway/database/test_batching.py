"""Many askers, few answers."""

import asyncio
import gc

import pytest

from gateway.database.batching import Batcher
from shared.errors import StoreUnavailable


def ask_all(answer_all, asked, most=10):
    """Ask everything at once; return the answers or errors."""

    async def run():
        batcher = Batcher(answer_all, lambda _: 1, most)
        return await asyncio.gather(*map(batcher.execute, asked), return_exceptions=True)

    return asyncio.run(run())


def test_each_gets_its_own_answer_in_few_batches():
    batches = []

    async def double(numbers):
        batches.append(len(numbers))
        await asyncio.sleep(0)
        return [2 * number for number in numbers]

    assert ask_all(double, range(25)) == [2 * number for number in range(25)]
    assert batches == [10, 10, 5]


def test_what_is_asked_meanwhile_goes_together():
    batches = []

    async def answer(numbers):
        batches.append(list(numbers))
        await asyncio.sleep(0.01)
        return numbers

    async def run():
        batcher = Batcher(answer, lambda _: 1, 10)
        first = asyncio.create_task(batcher.execute(0))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        rest = [asyncio.create_task(batcher.execute(number)) for number in (1, 2, 3)]
        await asyncio.gather(first, *rest)

    asyncio.run(run())
    assert batches == [[0], [1, 2, 3]]


def test_while_many_ask_the_next_statement_waits_for_more(monkeypatch):
    monkeypatch.setattr("gateway.database.batching._MAX_PAUSE_SECONDS", 0.5)
    monkeypatch.setattr("gateway.database.batching._PAUSE_SECONDS", 0.25)
    batches = []

    async def answer(numbers):
        batches.append(list(numbers))
        return numbers

    async def run():
        batcher = Batcher(answer, lambda _: 1, 10)
        await asyncio.gather(*map(batcher.execute, (1, 2)))
        later = [asyncio.create_task(batcher.execute(3))]
        await asyncio.sleep(0.05)
        later.append(asyncio.create_task(batcher.execute(4)))
        await asyncio.gather(*later)
        await batcher.execute(5)

    asyncio.run(run())
    assert batches == [[1, 2], [3, 4], [5]]


def test_two_tasks_that_keep_their_distance_do_not_take_the_same(monkeypatch):
    monkeypatch.setattr("gateway.database.batching._SLOW_SECONDS", 0.01)
    problems = []

    async def answer(numbers):
        await asyncio.sleep(0.05)
        return numbers

    async def run():
        monkeypatch.setattr("gateway.database.batching._PAUSE_SECONDS", 0.1)
        monkeypatch.setattr("gateway.database.batching._MAX_PAUSE_SECONDS", 0.2)
        asyncio.get_running_loop().set_exception_handler(lambda _, found: problems.append(found))
        batcher = Batcher(answer, lambda _: 1, 10)
        first = [asyncio.create_task(batcher.execute(number)) for number in range(2)]
        await asyncio.sleep(0.03)
        second = [asyncio.create_task(batcher.execute(number)) for number in range(2)]
        assert len(await asyncio.gather(*first, *second)) == 4
        await asyncio.sleep(0.3)  # for tasks that ended badly to be collected
        gc.collect()

    asyncio.run(run())
    assert not problems


def test_one_that_fails_fails_alone():
    async def answer(numbers):
        if 3 in numbers:
            raise ValueError(3)
        return numbers

    found = ask_all(answer, range(6))
    assert [one for one in found if not isinstance(one, ValueError)] == [0, 1, 2, 4, 5]


def test_an_unavailable_store_is_not_asked_again_for_each():
    calls = []

    async def answer(numbers):
        calls.append(numbers)
        raise StoreUnavailable

    found = ask_all(answer, range(6))
    assert all(isinstance(one, StoreUnavailable) for one in found)
    assert len(calls) == 1


def test_an_asker_that_left_harms_nobody():
    async def answer(numbers):
        await asyncio.sleep(0.01)
        return numbers

    async def run():
        batcher = Batcher(answer, lambda _: 1, 10)
        gone, there = (asyncio.create_task(batcher.execute(number)) for number in (1, 2))
        await asyncio.sleep(0)
        gone.cancel()
        assert await there == 2
        with pytest.raises(asyncio.CancelledError):
            await gone

    asyncio.run(run())
