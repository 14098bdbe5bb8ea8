"""A gateway registers its functions, and reads what they cost, in the background."""

import asyncio
import dataclasses
import logging

import pytest
from sqlalchemy import text

from gateway.database.database import Database
from gateway.submission.known_functions import KnownFunctions
from shared.errors import StoreUnavailable
from shared.functions.learnt_cost import LearntCost
from shared.store.functions import find_costs, register_functions
from tests.engines import autocommit, make_pool
from tests.eventually import eventually


@pytest.fixture
def known(registry, monkeypatch) -> KnownFunctions:
    monkeypatch.setattr("gateway.submission.known_functions._INTERVAL_SECONDS", 0.01)
    return KnownFunctions(registry)


def run(known, engine, settings, check, *, database_class=Database):
    """Run the task until the coroutine function `check` has returned."""

    async def main():
        pool = make_pool(settings)
        database = database_class(pool, engine, autocommit(engine), transactions=2, connections=2)
        task = asyncio.create_task(known.run(database))
        try:
            await check()
        finally:
            task.cancel()
            pool.close()

    asyncio.run(main())


async def eventually_async(look):
    await asyncio.to_thread(eventually, look)


def execute(engine, statement):
    with engine.begin() as connection:
        return connection.execute(text(statement))


def test_costs_are_refreshed(known, engine, store_settings):
    async def check():
        assert known.cost("fibonacci", 1) is None
        await eventually_async(
            lambda: execute(engine, "UPDATE functions SET runs = 9, seconds = 2.5").rowcount
        )
        await eventually_async(lambda: known.cost("fibonacci", 1) == LearntCost(2.5, None))
        assert known.cost("fibonacci", 2) is None
        execute(engine, "UPDATE functions SET seconds = 3.5, peak_bytes = 7")
        await eventually_async(lambda: known.cost("fibonacci", 1) == LearntCost(3.5, 7))

    run(known, engine, store_settings, check)


def test_a_source_that_changed_without_its_version_is_told_once(
    known, engine, store_settings, caplog
):
    known._installed = tuple(
        dataclasses.replace(one, fingerprint="new") for one in known._installed
    )
    with engine.begin() as connection:
        register_functions(
            connection,
            [dataclasses.replace(one, fingerprint="former") for one in known._installed[:1]],
        )
    name = known._installed[0].name
    caplog.set_level(logging.WARNING)

    async def check():
        changed = f"SELECT fingerprint FROM functions WHERE name = '{name}'"
        await eventually_async(lambda: execute(engine, changed).scalar_one() == "new")
        await eventually_async(lambda: known._is_registered)

    run(known, engine, store_settings, check)
    told = [record.message for record in caplog.records]
    assert len(told) == 1
    assert f"The source of the function {name} has changed, but not its version, 1." in told[0]


def test_the_gateway_waits_for_a_store_that_is_away(known, engine, store_settings):
    class Away(Database):
        attempts = 0

        async def run_transaction(self, use_case):
            Away.attempts += 1
            if Away.attempts <= 3:
                raise StoreUnavailable
            return await super().run_transaction(use_case)

    async def check():
        await eventually_async(lambda: known._is_registered)

    run(known, engine, store_settings, check, database_class=Away)
    with engine.begin() as connection:
        assert find_costs(connection) == {}
