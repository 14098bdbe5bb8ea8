"""Retry-After: from what is known of a calculation, of the work ahead of it, and of the slots."""

import asyncio
import time
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from gateway.database.database import Database
from gateway.waiting.retry_after import Backlog
from shared.calculation import Lane
from shared.store import presence
from shared.store.presence import upsert_relay
from tests.engines import autocommit, make_pool
from tests.eventually import eventually
from tests.factories import make_row
from tests.integration.gateway.server.test_gateway_process import running_gateway
from tests.integration.rows import change, claim, queue


def add(connection, n, lane, seconds, *, progress=None):
    """Insert a calculation of so many seconds, running if it has made progress."""
    calculation = queue(connection, n=n, lane=lane)
    change(connection, calculation, f"estimate_seconds = {seconds}")
    if progress is not None:
        claim(connection, calculation)
        change(connection, calculation, f"progress = {progress}")
    return calculation


def sign_on(connection, lane, slots, *, silent_seconds=0):
    worker_id = uuid4()
    presence.upsert_worker(connection, worker_id, host="h", pid=1, lane=lane, slots=slots)
    connection.execute(
        text("UPDATE workers SET seen_at = now() - make_interval(secs => :s) WHERE id = :id"),
        {"s": silent_seconds, "id": worker_id},
    )


def sign_on_relay(connection):
    """Have a relay say that all is well with it."""
    upsert_relay(connection, uuid4(), host="h", pid=1, problems={})


def row(status, lane, seconds, *, progress=0.0):
    return make_row(status=status, lane=lane, estimate_seconds=seconds, progress=progress)


def told(engine, settings, rows, expected):
    """Return what is told of these rows once the backlog is known, or 10 s are over."""

    async def main():
        pool = make_pool(settings)
        database = Database(pool, engine, autocommit(engine), transactions=2, connections=2)
        backlog = Backlog(database)
        until = time.monotonic() + 10
        try:
            while True:
                seconds = [backlog.retry_after(row) for row in rows]
                if seconds == expected or time.monotonic() > until:
                    return seconds
                await asyncio.sleep(0.01)
        finally:
            pool.close()

    return asyncio.run(main())


def test_the_work_ahead_is_spread_over_the_slots_of_its_lane(engine, store_settings):
    with engine.begin() as connection:
        add(connection, 1, Lane.HEAVY, 40, progress=0.75)
        add(connection, 2, Lane.HEAVY, 50)
        add(connection, 3, Lane.HEAVY, 31)
        add(connection, 4, Lane.QUICK, 7)
        sign_on(connection, Lane.HEAVY, 2)
        sign_on(connection, Lane.HEAVY, 1, silent_seconds=10)
        sign_on(connection, Lane.HEAVY, 16, silent_seconds=16)
        sign_on(connection, Lane.QUICK, 4)
        sign_on_relay(connection)
    rows = [
        row("queued", "heavy", 31),  # and 10 + 50 + 31 for three slots: 30.33
        row("queued", "quick", 0.01),  # and 7 for four slots: 1.75
        row("running", "heavy", 40, progress=0.75),  # has nothing ahead of it
        row("running", "heavy", 1, progress=0.999),
    ]
    expected = [62, 2, 10, 1]
    assert told(engine, store_settings, rows, expected) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(1e-6, 1), (0.999, 1), (1.001, 2), (3_599.5, 3_600), (1e9, 3_600)]
)
def test_it_is_a_whole_number_from_a_second_to_an_hour(engine, store_settings, seconds, expected):
    rows = [row("running", "heavy", seconds)]
    assert told(engine, store_settings, rows, [expected]) == [expected]


@pytest.fixture
def client(database_url):
    with (
        running_gateway(database_url) as (_, port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        yield client


def test_every_answer_about_an_unfinished_one_tells_it(engine, client):
    with engine.begin() as connection:
        running = add(connection, 1, Lane.HEAVY, 40, progress=0.25)
        queued = add(connection, 300_000_000, Lane.HEAVY, 80)
        sign_on(connection, Lane.HEAVY, 2)
        sign_on_relay(connection)

    def told_of(calculation, path=""):
        answer = client.get(f"/calculations/{calculation.id}{path}")
        assert answer.status_code == (409 if path else 200)
        return int(answer.headers["Retry-After"])

    # 80 of its own, 30 + 80 over two slots.
    eventually(lambda: told_of(queued) == 135)
    assert told_of(queued, "/result") == 135
    assert (told_of(running), told_of(running, "/result")) == (30, 30)
    body = {"function": "fibonacci", "arguments": {"n": 300_000_000}}
    again = client.post("/calculations", json=body)
    assert (again.status_code, again.headers["Retry-After"]) == (202, "135")


def test_what_is_final_has_nothing_to_wait_for(engine, client):
    body = {"function": "fibonacci", "arguments": {"n": 10}}
    done = client.post("/calculations", json=body)
    for answer in (done, client.get(done.headers["Content-Location"])):
        assert answer.status_code == 200
        assert "Retry-After" not in answer.headers
