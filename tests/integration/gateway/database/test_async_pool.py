"""Queries that the event loop awaits: each gets its own answer, whatever breaks."""

import asyncio
import socket
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest
from sqlalchemy import text

from shared.config import load_settings
from shared.errors import StoreUnavailable
from shared.postgres.prepared import Prepared, Query
from shared.postgres.retry import retry_while_unavailable
from tests.engines import make_pool
from tests.eventually import eventually

_NUMBER = Prepared("number", ("integer", "float"), "SELECT $1 + 0 * length(pg_sleep($2)::text)")
_INVERSE = Prepared("inverse", ("integer",), "SELECT 1 / $1")


def number(value: int, after_seconds: float = 0) -> Query[int]:
    return Query(_NUMBER, (value, after_seconds), lambda rows: next(iter(rows))[0])


def run(pool, scenario):
    async def main():
        try:
            return await asyncio.wait_for(scenario, 30)
        finally:
            pool.close()

    return asyncio.run(main())


def backends(engine):
    with engine.begin() as connection:
        return set(
            connection.execute(
                text(
                    "SELECT pid FROM pg_stat_activity WHERE application_name = 'test pool'"
                    " AND datname = current_database()"
                )
            ).scalars()
        )


def end_all(engine):
    with engine.begin() as connection:
        for pid in backends(engine):
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})


#: The process that serves a connection, once the advisory lock 1 is free.
_HELD = Prepared("held", (), "SELECT pg_backend_pid() + 0 * length(pg_advisory_xact_lock(1)::text)")


def held() -> Query[int]:
    return Query(_HELD, (), lambda rows: next(iter(rows))[0])


@contextmanager
def lock(engine):
    """Keep queries of `held` waiting."""
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(1)"))
        yield


async def wait_until_held(engine):
    """Return once a query waits for the lock."""

    def is_waiting():
        with engine.begin() as connection:
            return connection.execute(
                text(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'test pool'"
                    " AND datname = current_database() AND wait_event = 'advisory'"
                )
            ).scalar_one()

    await asyncio.to_thread(eventually, is_waiting)


def test_each_query_gets_its_own_answer_on_few_connections(engine, store_settings):
    pool = make_pool(store_settings, size=2)

    async def scenario():
        answers = await asyncio.gather(*(pool.fetch(number(n, 0.01)) for n in range(20)))
        return answers, await asyncio.to_thread(backends, engine)

    answers, used = run(pool, scenario())
    assert answers == list(range(20))
    assert 1 <= len(used) <= 2


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


def test_a_faulty_query_raises_its_error_and_harms_no_other(store_settings):
    pool = make_pool(store_settings, size=1)

    async def scenario():
        with pytest.raises(psycopg2.errors.DivisionByZero):
            await pool.fetch(Query(_INVERSE, (0,), list))
        return await pool.fetch(number(6))

    assert run(pool, scenario()) == 6


def test_no_other_query_gets_the_answer_of_one_that_was_cancelled(engine, store_settings):
    pool = make_pool(store_settings, size=1)

    async def scenario():
        with lock(engine):
            task = asyncio.create_task(pool.fetch(held()))
            await wait_until_held(engine)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return await pool.fetch(number(8))

    assert run(pool, scenario()) == 8


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


def test_a_query_that_lost_a_conflict_is_executed_again_without_another_connection(
    engine, store_settings
):
    with engine.begin() as connection:
        connection.execute(text("CREATE SEQUENCE tries"))
        connection.execute(
            text(
                "CREATE FUNCTION every_other() RETURNS bigint LANGUAGE plpgsql AS $$"
                " BEGIN IF nextval('tries') % 2 = 1 THEN"
                " RAISE EXCEPTION USING ERRCODE = 'serialization_failure'; END IF;"
                " RETURN currval('tries'); END $$"
            )
        )
    every_other = Query(Prepared("every_other", (), "SELECT every_other()"), (), list)
    pool = make_pool(store_settings, size=2)

    async def scenario():
        answers = [await pool.fetch(every_other) for _ in range(5)]
        return answers, await asyncio.to_thread(backends, engine)

    answers, used = run(pool, scenario())
    assert answers == [[(even,)] for even in (2, 4, 6, 8, 10)]
    assert len(used) <= 2


EVERYTHING: Query[Any] = Query(Prepared("everything", (), "SELECT number FROM things"), (), list)


@pytest.fixture
def things(engine):
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE things AS SELECT 1::integer AS number"))


def test_a_statement_whose_columns_change_their_types_is_prepared_again(
    engine, store_settings, things
):
    pool = make_pool(store_settings, size=1)

    async def scenario():
        await pool.fetch(EVERYTHING)
        await asyncio.to_thread(widen, engine)
        return await pool.fetch(EVERYTHING)

    assert run(pool, scenario()) == [(1,)]


def test_a_worker_prepares_such_a_statement_again_as_well(engine, things):
    def ask():
        with engine.begin() as connection:
            return EVERYTHING.on(connection)

    ask()
    widen(engine)
    assert retry_while_unavailable(ask, "ask", lambda: False) == [(1,)]


def widen(engine):
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE things ALTER number TYPE bigint"))


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
