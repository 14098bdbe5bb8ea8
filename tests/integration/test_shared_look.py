"""One look for all who ask at the same time, and a new one when it is old."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from gateway.database import Database
from gateway.looks import SharedLook
from shared.errors import StoreUnavailable
from tests.engines import autocommit, make_pool


@pytest.fixture(autouse=True)
def _counter(engine):
    with engine.begin() as connection:
        connection.execute(text("CREATE SEQUENCE looks"))


def count(connection):
    return connection.execute(text("SELECT nextval('looks')")).scalar_one()


def count_slowly(connection):
    connection.execute(text("SELECT pg_sleep(0.3)"))
    return count(connection)


@asynccontextmanager
async def looking(engine, settings, use_case=count, *, fresh_seconds=600.0, most_share=1.0):
    pool = make_pool(settings)
    database = Database(pool, engine, autocommit(engine), transactions=2, connections=2)
    yield SharedLook(database, use_case, fresh_seconds, most_share=most_share)
    pool.close()


def test_those_who_ask_at_once_and_soon_after_share_one_look(engine, store_settings):
    async def scenario():
        async with looking(engine, store_settings) as look:
            seen = await asyncio.gather(*(look.get() for _ in range(10)))
            return [*seen, await look.get(), look.latest]

    assert asyncio.run(scenario()) == [1] * 12


def test_an_old_one_is_looked_up_again(engine, store_settings):
    async def scenario():
        async with looking(engine, store_settings, fresh_seconds=0.0, most_share=10**9) as look:
            return [await look.get() for _ in range(3)]

    assert asyncio.run(scenario()) == [1, 2, 3]


def test_one_that_took_long_serves_longer(engine, store_settings):
    async def scenario():
        async with looking(
            engine, store_settings, count_slowly, fresh_seconds=0.0, most_share=0.001
        ) as look:
            return [await look.get(), await look.get()]

    assert asyncio.run(scenario()) == [1, 1]


def test_who_leaves_takes_it_from_nobody_else(engine, store_settings):
    async def scenario():
        async with looking(engine, store_settings, count_slowly) as look:
            gone, there = (asyncio.create_task(look.get()) for _ in range(2))
            await asyncio.sleep(0)
            gone.cancel()
            return await there

    assert asyncio.run(scenario()) == 1


def test_after_one_that_failed_there_is_another_and_the_latest_stays(engine, store_settings):
    """Nobody is told of an old failure."""
    errors = [None, StoreUnavailable(), ValueError("a bug"), None]

    def use_case(connection):
        if error := errors.pop(0):
            raise error
        return count(connection)

    async def scenario():
        async with looking(
            engine, store_settings, use_case, fresh_seconds=0.0, most_share=10**9
        ) as look:
            assert look.latest is None
            assert await look.get() == 1
            for kind in (StoreUnavailable, ValueError):
                with pytest.raises(kind):
                    await look.get()
            assert await look.get() == 2
            assert not errors

    asyncio.run(scenario())
