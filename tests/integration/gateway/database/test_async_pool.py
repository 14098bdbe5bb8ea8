"""Queries that the event loop awaits: each gets its own answer."""

import asyncio
from typing import Any

import psycopg2
import pytest
from sqlalchemy import text

from shared.postgres.prepared import Prepared, Query
from shared.postgres.retry import retry_while_unavailable
from tests.engines import make_pool
from tests.integration.gateway.database.queries import (
    backends,
    held,
    lock,
    number,
    run,
    wait_until_held,
)

_INVERSE = Prepared("inverse", ("integer",), "SELECT 1 / $1")


def test_each_query_gets_its_own_answer_on_few_connections(engine, store_settings):
    pool = make_pool(store_settings, size=2)

    async def scenario():
        answers = await asyncio.gather(*(pool.fetch(number(n, 0.01)) for n in range(20)))
        return answers, await asyncio.to_thread(backends, engine)

    answers, used = run(pool, scenario())
    assert answers == list(range(20))
    assert 1 <= len(used) <= 2


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
