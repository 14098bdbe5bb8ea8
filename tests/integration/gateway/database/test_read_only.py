"""A server that takes no writes for a while, as after a failover, and all that write to it."""

import asyncio
from contextlib import contextmanager

import httpx
import pytest
from sqlalchemy import text

from gateway.database.database import Database
from shared.calculation import Lane, Status
from shared.errors import StoreUnavailable
from shared.store.new_calculations import insert_new
from shared.store.presence import delete_worker
from shared.store.totals.system import count_lanes
from tests.engines import autocommit, make_pool
from tests.eventually import eventually
from tests.factories import make_calculation
from tests.integration.gateway.server.running import running_gateway
from tests.integration.lanes import Feed, WorkerThread, body_of, make_test_calculation
from tests.integration.outbox import make_relay, relays, running
from tests.integration.rows import WORKER
from tests.misbehaving.digits import HOLDING_FILE


@pytest.fixture
def feed(settings, engine) -> Feed:
    return Feed(settings, engine)


@contextmanager
def read_only(admin, engine):
    """Have the server refuse writes in all sessions that begin now, and end those there are."""
    database = engine.url.database
    role = f"ALTER ROLE reckoner IN DATABASE {database}"
    with admin.connect() as connection:
        connection.execute(text(f"{role} SET default_transaction_read_only = on"))
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
            {"name": database},
        )
        try:
            yield
        finally:
            connection.execute(text(f"{role} RESET default_transaction_read_only"))
            engine.dispose()  # the test's own connections


@pytest.mark.slow
def test_workers_keep_their_results_until_they_can_be_written(
    feed, settings, registry, admin, caplog, tmp_path, monkeypatch
):
    holding = tmp_path / "held"
    holding.touch()
    monkeypatch.setenv(HOLDING_FILE, str(holding))
    quick = [make_calculation(arguments={"n": n}) for n in range(1_000, 1_300)]
    heavy = make_test_calculation("wait_for_release", 10, Lane.HEAVY)

    def wait_until_refused(what):
        refusal = f"Cannot {what}, trying again"
        eventually(lambda: any(refusal in message for message in caplog.messages), what=what)

    with WorkerThread(settings, Lane.QUICK, registry), WorkerThread(settings, Lane.HEAVY):
        feed.insert(*quick)
        feed.submit(heavy)
        feed.wait_for(Status.RUNNING, heavy)
        with read_only(admin, feed.engine):
            feed.publish(Lane.QUICK, *[body_of(one) for one in quick])
            wait_until_refused("store results")
            wait_until_refused("renew leases")
            holding.unlink()
            wait_until_refused("store a result")
        feed.wait_for(Status.SUCCEEDED, *quick, heavy)
        assert feed.row(heavy).attempt == 1
    assert [feed.dead(lane) for lane in Lane] == [0, 0]


@pytest.mark.slow
def test_a_relay_that_cannot_write_keeps_its_problem(settings, engine, admin):
    """That it can read what is due, and listen, is not enough."""
    relay = make_relay(settings, engine)
    with running(relay):
        eventually(lambda: [one.problems for one in relays(engine)] == [{}])
        with read_only(admin, engine):
            eventually(lambda: relay._main_loop.failing_seconds > 3)
        eventually(lambda: relay._main_loop.problem is None)


@pytest.mark.slow
def test_the_gateway_answers_503_and_never_500(database_url, engine, admin):
    def submit(client, n):
        return [
            client.post("/calculations", json=one(n)).status_code,
            client.post("/calculations/batch", json={"calculations": [one(-n)]}).status_code,
        ]

    def one(n):
        return {"function": "fibonacci", "arguments": {"n": 1_000_000 + n}}

    with (
        running_gateway(database_url) as (_, port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        assert submit(client, 1) == [202, 202]
        with read_only(admin, engine):
            seen = [status for n in range(2, 30) for status in submit(client, n)]
        assert set(seen) == {503}
        assert submit(client, 100) == [202, 202]


def test_no_connection_that_met_a_read_only_error_is_used_again(engine, store_settings, admin):
    pool = make_pool(store_settings)

    async def scenario(database):
        writes = (
            lambda: database.fetch(insert_new([])),
            lambda: database.run_transaction(lambda connection: delete_worker(connection, WORKER)),
            lambda: database.run_autocommit(lambda connection: delete_worker(connection, WORKER)),
        )
        with read_only(admin, engine):
            # Reading works, on connections that will be there when writing works again.
            await asyncio.gather(*(database.run_transaction(count_lanes) for _ in range(2)))
            for write in writes:
                with pytest.raises(StoreUnavailable):
                    await write()
        for write in writes:
            await write()
        database.close()

    asyncio.run(scenario(Database(pool, engine, autocommit(engine), transactions=2, connections=2)))
