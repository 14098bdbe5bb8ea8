"""The gateway answers 503 for outages and conflicts, and raises bugs."""

import asyncio

import psycopg2
import pytest
from sqlalchemy import text

from gateway.database.database import Database
from shared.errors import StoreUnavailable
from shared.postgres.prepared import Prepared, Query
from tests.engines import autocommit, make_pool
from tests.integration.postgres.outages.failures import BUGS, CODES, FEW, expected, raises


@pytest.mark.parametrize("code", CODES)
def test_the_event_loops_pool_raises_store_unavailable_for_outages(engine, store_settings, code):
    raises(engine, code)
    query = Query(Prepared("failing", (), "SELECT failing.now()"), (), list)
    pool = make_pool(store_settings)
    kind = psycopg2.Error if code in BUGS else StoreUnavailable
    with pytest.raises(kind):
        asyncio.run(fetched(pool, pool.fetch(query)))


async def fetched(pool, fetching):
    try:
        return await fetching
    finally:
        pool.close()


@pytest.mark.parametrize("code", FEW)
@pytest.mark.parametrize("way", ["run_transaction", "run_autocommit"])
def test_the_threads_raise_store_unavailable_for_outages(engine, store_settings, code, way):
    raises(engine, code)
    pool = make_pool(store_settings)
    database = Database(pool, engine, autocommit(engine), transactions=1, connections=1)
    with pytest.raises(expected(code)):
        asyncio.run(getattr(database, way)(lambda one: one.execute(text("SELECT failing.now()"))))
