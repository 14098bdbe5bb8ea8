"""Look-ups: what a request that waits gets, whenever the calculation changes."""

import asyncio

import pytest

from gateway.database.database import Database
from gateway.waiting.lookup import Lookup
from tests.engines import autocommit, make_pool
from tests.integration.gateway.waiting.running import cancel, run


@pytest.mark.slow
def test_a_change_that_is_delivered_during_the_first_query_is_not_lost(
    engine, store_settings, stored
):
    identity = stored[0]

    async def scenario(waiters):
        pool = make_pool(store_settings)
        database = Database(pool, engine, autocommit(engine), transactions=2, connections=2)
        lookup = Lookup(database, waiters)

        async def get_first():
            row = await lookup.get(identity)
            with waiters.watch(identity) as other:
                await asyncio.to_thread(cancel, engine, [identity])
                waiters.mark_changed([identity])
                assert await other.next_row(20)
            return row

        try:
            return await asyncio.wait_for(lookup.wait_until_final(identity, get_first, 60), 20)
        finally:
            pool.close()

    row = run(engine, store_settings, scenario, is_listening=False)
    assert row.status == "cancelled"
