"""One query for all requests: it takes its share of the time and no more, even if it fails."""

import asyncio
from contextlib import asynccontextmanager
from typing import Any

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
        connection.execute(text("CREATE SEQUENCE queries"))


def count(connection):
    return connection.execute(text("SELECT nextval('queries')")).scalar_one()


def count_slowly(connection):
    connection.execute(text("SELECT pg_sleep(0.3)"))
    return count(connection)


@asynccontextmanager
async def shared_query(engine, settings, use_case=count, *, fresh_seconds=600.0, max_share=1.0):
    pool = make_pool(settings)
    database = Database(pool, engine, autocommit(engine), transactions=2, connections=2)
    yield SharedQuery(database, use_case, fresh_seconds, max_share=max_share)
    pool.close()


def test_requests_that_come_together_or_soon_after_share_one_query(engine, store_settings):
    async def scenario():
        async with shared_query(engine, store_settings) as query:
            seen = await asyncio.gather(*(query.get() for _ in range(10)))
            return [*seen, await query.get(), query.latest]

    assert asyncio.run(scenario()) == [1] * 12


def test_an_old_answer_is_replaced(engine, store_settings):
    async def scenario():
        async with shared_query(
            engine, store_settings, fresh_seconds=0.0, max_share=10**9
        ) as query:
            return [await query.get() for _ in range(3)]

    assert asyncio.run(scenario()) == [1, 2, 3]


def test_the_answer_of_a_slow_query_serves_longer(engine, store_settings):
    async def scenario():
        async with shared_query(
            engine, store_settings, count_slowly, fresh_seconds=0.0, max_share=0.001
        ) as query:
            return [await query.get(), await query.get()]

    assert asyncio.run(scenario()) == [1, 1]


def test_a_request_that_is_cancelled_takes_the_answer_from_no_other(engine, store_settings):
    async def scenario():
        async with shared_query(engine, store_settings, count_slowly) as query:
            cancelled, other = (asyncio.create_task(query.get()) for _ in range(2))
            await asyncio.sleep(0)
            cancelled.cancel()
            return await other

    assert asyncio.run(scenario()) == 1


def test_a_query_that_failed_is_repeated_and_the_latest_answer_stays(engine, store_settings):
    """No request gets an old failure."""
    errors = [None, StoreUnavailable(), ValueError("a bug"), None]

    def use_case(connection):
        if error := errors.pop(0):
            raise error
        return count(connection)

    async def scenario():
        async with shared_query(
            engine, store_settings, use_case, fresh_seconds=0.0, max_share=10**9
        ) as query:
            assert query.latest is None
            assert await query.get() == 1
            for kind in (StoreUnavailable, ValueError):
                with pytest.raises(kind):
                    await query.get()
            assert await query.get() == 2
            assert not errors

    asyncio.run(scenario())


class Counting:
    """A use case that counts how often it runs."""

    def __init__(self, statement):
        self.statement = statement
        self.calls = 0

    def __call__(self, connection):
        self.calls += 1
        return connection.execute(text(self.statement)).scalar_one()


def ask(settings, is_enough, use_case, max_share):
    """Ask again and again until the answers, or their errors, are enough; return them."""
    engine = make_engine(
        settings.sqlalchemy_url, connections=1, name="shared query", statement_seconds=1
    )
    pool = make_pool(settings)

    async def main():
        database = Database(pool, engine, autocommit(engine), transactions=1, connections=1)
        query = SharedQuery(database, use_case, 0.01, max_share=max_share)
        answers: list[Any] = []
        async with asyncio.timeout(60):
            while not is_enough(answers):
                try:
                    answers.append(await query.get())
                except (StoreUnavailable, DBAPIError) as error:
                    answers.append(type(error))
                await asyncio.sleep(0.01)
        await asyncio.to_thread(database.close)
        return answers

    return asyncio.run(main())


@pytest.mark.parametrize("statement", ["SELECT pg_sleep(60)", "SELECT pg_sleep(0.2)"])
@pytest.mark.slow
def test_a_slow_query_takes_its_share_also_when_the_server_cancels_it(store_settings, statement):
    slow = Counting(statement)
    answers = ask(store_settings, lambda answers: len(answers) > 100, slow, max_share=0.001)
    assert slow.calls == 1
    assert set(answers) == ({StoreUnavailable} if "60" in statement else {""})


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("SELECT pg_terminate_backend(pg_backend_pid())", StoreUnavailable),
        ("SELECT 1 / 0", DBAPIError),
    ],
)
def test_a_query_that_fails_at_once_is_repeated_soon(store_settings, statement, kind):
    """Its share is so small that a pause for it would take hours."""
    failing = Counting(statement)
    answers = ask(store_settings, lambda _: failing.calls > 5, failing, max_share=10**-7)
    assert failing.calls <= 2 * len(answers)
    assert all(issubclass(answer, kind) for answer in answers)


def test_a_bug_is_logged_when_no_request_waits(engine, store_settings, caplog):
    def fail(connection):
        connection.execute(text("SELECT nothing_of_this_name"))

    async def scenario():
        async with shared_query(engine, store_settings, fail) as query:
            assert query.latest is None
            await asyncio.to_thread(eventually, lambda: caplog.records)
            assert query.latest is None

    asyncio.run(scenario())
    assert "nothing_of_this_name" in caplog.text
