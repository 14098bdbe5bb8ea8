"""Use cases that run in threads: which run a second time, and which do not."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.database.database import Database
from shared.errors import StoreUnavailable
from tests.engines import autocommit, make_pool

WAYS = ["run_transaction", "run_autocommit"]


def run(engine, settings, way, use_case, times=1):
    """Run a use case `times` times, one after the other."""
    pool = make_pool(settings)
    database = Database(pool, engine, autocommit(engine), transactions=1, connections=1)

    async def scenario():
        try:
            return [await getattr(database, way)(use_case) for _ in range(times)]
        finally:
            pool.close()

    return asyncio.run(scenario())


class Failing:
    """A use case in which PostgreSQL raises this the first few times."""

    def __init__(self, code, times):
        self.code = code
        self.left = times
        self.calls = 0

    def __call__(self, connection):
        self.calls += 1
        if self.left:
            self.left -= 1
            connection.execute(
                text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{self.code}'; END $$")
            )
        return connection.execute(text("SELECT 1")).scalar_one()


@pytest.mark.parametrize("way", WAYS)
def test_a_use_case_that_lost_a_conflict_runs_once_more_and_no_more(engine, store_settings, way):
    once, twice = Failing("40001", 1), Failing("40001", 2)
    assert run(engine, store_settings, way, once) == [1]
    assert once.calls == 2
    with pytest.raises(StoreUnavailable):
        run(engine, store_settings, way, twice)
    assert twice.calls == 2


@pytest.mark.parametrize("way", WAYS)
def test_a_use_case_whose_connection_breaks_runs_once_more_on_another(engine, store_settings, way):
    pids = []

    def use_case(connection):
        pids.append(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
        if len(pids) == 2:
            with engine.connect() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pids[-1]})
        return connection.execute(text("SELECT 1")).scalar_one()

    assert run(engine, store_settings, way, use_case, times=2) == [1, 1]
    assert len(pids) == 3
    assert pids[2] != pids[1]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("code", "kind"), [("42703", DBAPIError), ("53100", StoreUnavailable)])
def test_a_use_case_that_failed_otherwise_does_not_run_again(
    engine, store_settings, way, code, kind
):
    failing = Failing(code, 10)
    with pytest.raises(kind):
        run(engine, store_settings, way, failing)
    assert failing.calls == 1


def test_a_transaction_that_fails_leaves_nothing(engine, store_settings):
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE things (number integer)"))

    def use_case(connection):
        connection.execute(text("INSERT INTO things VALUES (1)"))
        connection.execute(text("SELECT 1 / 0"))

    with pytest.raises(DBAPIError):
        run(engine, store_settings, "run_transaction", use_case)
    with engine.begin() as connection:
        assert not connection.execute(text("SELECT * FROM things")).all()
