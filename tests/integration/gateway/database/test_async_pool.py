"""Queries that the event loop awaits: whose answer is whose, whatever breaks in between."""

import asyncio
import socket
from typing import Any

import psycopg2
import pytest
from sqlalchemy import text

from shared.config import load_settings
from shared.errors import StoreUnavailable
from shared.postgres.prepared import Prepared, Query
from shared.postgres.retry import retry_while_unavailable
from tests.engines import make_pool

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


def test_each_gets_its_own_answer_on_few_connections(engine, store_settings):
    pool = make_pool(store_settings, size=2)

    async def scenario():
        answers = await asyncio.gather(*(pool.fetch(number(n, 0.01)) for n in range(20)))
        return answers, await asyncio.to_thread(backends, engine)

    answers, used = run(pool, scenario())
    assert answers == list(range(20))
    assert 1 <= len(used) <= 2


def test_a_connection_that_was_cut_off_is_replaced(engine, store_settings):
    pool = make_pool(store_settings)

    async def scenario():
        first = await asyncio.gather(pool.fetch(number(1, 0.1)), pool.fetch(number(2, 0.1)))
        await asyncio.to_thread(end_all, engine)
        return [*first, await pool.fetch(number(3)), await pool.fetch(number(4))]

    assert run(pool, scenario()) == [1, 2, 3, 4]


def test_a_query_whose_connection_is_cut_off_under_way_is_executed_again(engine, store_settings):
    pool = make_pool(store_settings)

    async def scenario():
        await pool.fetch(number(0))
        task = asyncio.create_task(pool.fetch(number(5, 1)))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(end_all, engine)
        return await task

    assert run(pool, scenario()) == 5


def test_a_query_at_fault_says_so_and_harms_no_other(store_settings):
    pool = make_pool(store_settings, size=1)

    async def scenario():
        with pytest.raises(psycopg2.errors.DivisionByZero):
            await pool.fetch(Query(_INVERSE, (0,), list))
        return await pool.fetch(number(6))

    assert run(pool, scenario()) == 6


def test_a_query_that_nobody_awaits_any_more_gives_its_answer_to_nobody(store_settings):
    pool = make_pool(store_settings, size=1)

    async def scenario():
        task = asyncio.create_task(pool.fetch(number(7, 0.5)))
        await asyncio.sleep(0.2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return await pool.fetch(number(8))

    assert run(pool, scenario()) == 8


def test_an_answer_that_does_not_come_is_not_waited_for(store_settings):
    pool = make_pool(store_settings, size=1, timeout_seconds=0.3)

    async def scenario():
        with pytest.raises(StoreUnavailable):
            await pool.fetch(number(9, 5))
        return await pool.fetch(number(10))

    assert run(pool, scenario()) == 10


def test_after_a_silence_no_connection_of_before_is_used_again(engine, store_settings):
    """Neither one that was idle meanwhile nor one that was in use."""
    pid = Prepared("pid", ("float",), "SELECT pg_backend_pid() + 0 * length(pg_sleep($1)::text)")
    held = Prepared("held", (), "SELECT pg_backend_pid() + 0 * length(pg_advisory_lock(1)::text)")
    pool = make_pool(store_settings, size=3, timeout_seconds=1.5)

    def ask(prepared, *values):
        return pool.fetch(Query(prepared, values, lambda rows: next(iter(rows))[0]))

    def three(after_seconds):
        return asyncio.gather(*(ask(pid, after_seconds) for _ in range(3)))

    async def scenario():
        before = await three(0.1)
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(1)"))
            silent = asyncio.create_task(ask(pid, 20.0))
            await asyncio.sleep(0.75)
            in_use = asyncio.create_task(ask(held))  # until it is known that the other is silent
            with pytest.raises(StoreUnavailable):
                await silent
        return before, await in_use, await three(0.1)

    before, in_use, after = run(pool, scenario())
    assert in_use in before
    assert not set(before) & set(after)


def test_a_query_that_lost_a_conflict_is_executed_again_on_no_further_connection(
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


def test_a_statement_whose_columns_got_other_types_is_prepared_anew(engine, store_settings, things):
    pool = make_pool(store_settings, size=1)

    async def scenario():
        await pool.fetch(EVERYTHING)
        await asyncio.to_thread(widen, engine)
        return await pool.fetch(EVERYTHING)

    assert run(pool, scenario()) == [(1,)]


def test_a_worker_prepares_such_a_statement_anew_as_well(engine, things):
    def ask():
        with engine.begin() as connection:
            return EVERYTHING.on(connection)

    ask()
    widen(engine)
    assert retry_while_unavailable(ask, "ask", lambda: False) == [(1,)]


def widen(engine):
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE things ALTER number TYPE bigint"))


def test_a_server_that_is_not_there_is_unavailable(monkeypatch):
    monkeypatch.setattr("shared.postgres.servers._ALONE_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.socket() as refusing:
        refusing.bind(("127.0.0.1", 0))
        for server in (silent, refusing):
            url = f"postgresql+psycopg2://nobody@127.0.0.1:{server.getsockname()[1]}/nothing"
            settings = {"database_url": url, "broker_url": "amqp://127.0.0.1:1/%2F"}
            pool = make_pool(load_settings(settings))
            with pytest.raises(StoreUnavailable):
                run(pool, pool.fetch(number(11)))
