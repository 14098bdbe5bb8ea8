"""One look for all who ask: it takes its share of the time and no more, whatever becomes of it."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.database.database import Database
from gateway.database.shared_query import SharedQuery
from shared.errors import StoreUnavailable
from shared.postgres.connections import make_engine
from tests.engines import autocommit, make_pool
from tests.eventually import eventually


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
async def looking(engine, settings, use_case=count, *, fresh_seconds=600.0, max_share=1.0):
    pool = make_pool(settings)
    database = Database(pool, engine, autocommit(engine), transactions=2, connections=2)
    yield SharedQuery(database, use_case, fresh_seconds, max_share=max_share)
    pool.close()


def test_those_who_ask_at_once_and_soon_after_share_one_look(engine, store_settings):
    async def scenario():
        async with looking(engine, store_settings) as look:
            seen = await asyncio.gather(*(look.get() for _ in range(10)))
            return [*seen, await look.get(), look.latest]

    assert asyncio.run(scenario()) == [1] * 12


def test_an_old_one_is_looked_up_again(engine, store_settings):
    async def scenario():
        async with looking(engine, store_settings, fresh_seconds=0.0, max_share=10**9) as look:
            return [await look.get() for _ in range(3)]

    assert asyncio.run(scenario()) == [1, 2, 3]


def test_one_that_took_long_serves_longer(engine, store_settings):
    async def scenario():
        async with looking(
            engine, store_settings, count_slowly, fresh_seconds=0.0, max_share=0.001
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
            engine, store_settings, use_case, fresh_seconds=0.0, max_share=10**9
        ) as look:
            assert look.latest is None
            assert await look.get() == 1
            for kind in (StoreUnavailable, ValueError):
                with pytest.raises(kind):
                    await look.get()
            assert await look.get() == 2
            assert not errors

    asyncio.run(scenario())


class Counting:
    """A use case that notes when it was carried out."""

    def __init__(self, statement):
        self.statement = statement
        self.looks = 0
        self.busy_seconds = 0.0

    def __call__(self, connection):
        self.looks += 1
        began = time.monotonic()
        try:
            return connection.execute(text(self.statement)).scalar_one()
        finally:
            self.busy_seconds += time.monotonic() - began


def ask_for(settings, seconds, count, max_share, *, statement_seconds=1):
    """Ask for so long, as often as possible; return how each was answered."""
    engine = make_engine(settings, connections=1, name="look", statement_seconds=statement_seconds)
    pool = make_pool(settings)

    async def main():
        database = Database(pool, engine, autocommit(engine), transactions=1, connections=1)
        look = SharedQuery(database, count, 0.01, max_share=max_share)
        answers = []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                answers.append(await look.get())
            except (StoreUnavailable, DBAPIError) as error:
                answers.append(type(error))
            await asyncio.sleep(0.01)
        await asyncio.to_thread(database.close)
        return answers

    return asyncio.run(main())


@pytest.mark.parametrize("statement", ["SELECT pg_sleep(60)", "SELECT pg_sleep(0.2)"])
def test_a_count_takes_its_share_also_when_it_takes_too_long(store_settings, statement):
    count = Counting(statement)
    answers = ask_for(store_settings, 3, count, max_share=0.01)
    assert count.looks == 1
    assert len(answers) > 10
    assert set(answers) == ({StoreUnavailable} if "60" in statement else {""})


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("SELECT pg_terminate_backend(pg_backend_pid())", StoreUnavailable),
        ("SELECT 1 / 0", DBAPIError),
    ],
)
def test_what_fails_at_once_is_tried_again_soon(store_settings, statement, kind):
    count = Counting(statement)
    answers = ask_for(store_settings, 1, count, max_share=0.01)
    assert 5 < count.looks <= 2 * len(answers)
    assert all(issubclass(answer, kind) for answer in answers)


def test_a_bug_for_which_nobody_waits_is_logged(engine, store_settings, caplog):
    def fail(connection):
        connection.execute(text("SELECT nothing_of_this_name"))

    async def scenario():
        async with looking(engine, store_settings, fail) as look:
            assert look.latest is None
            await asyncio.to_thread(eventually, lambda: caplog.records)
            assert look.latest is None

    asyncio.run(scenario())
    assert "nothing_of_this_name" in caplog.text
