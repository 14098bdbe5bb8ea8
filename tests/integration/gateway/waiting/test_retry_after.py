"""Retry-After: from what is known of a calculation, of the work ahead of it, and of the slots."""

import asyncio
import time
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from gateway.database.database import Database
from gateway.waiting.retry_after import RetryAfter
from shared.calculation import Lane
from shared.store import presence
from shared.store.presence import upsert_relay
from tests.engines import autocommit, make_pool
from tests.eventually import eventually
from tests.factories import make_row
from tests.integration.gateway.server.running import running_gateway
from tests.integration.rows import change, claim, queue


def add(connection, n, lane, seconds, *, progress=None):
    """Insert a calculation that takes `seconds`; it is running if it has made progress."""
    calculation = queue(connection, n=n, lane=lane)
    change(connection, calculation, f"estimate_seconds = {seconds}")
    if progress is not None:
        claim(connection, calculation)
        change(connection, calculation, f"progress = {progress}")
    return calculation


def register_worker(connection, lane, slots, *, silent_seconds=0):
    worker_id = uuid4()
    presence.upsert_worker(connection, worker_id, host="h", pid=1, lane=lane, slots=slots)
    connection.execute(
        text("UPDATE workers SET seen_at = now() - make_interval(secs => :s) WHERE id = :id"),
        {"s": silent_seconds, "id": worker_id},
    )


def register_relay(connection):
    """Register a relay that has no problem."""
    upsert_relay(connection, uuid4(), host="h", pid=1, problems={})


def row(status, lane, seconds, *, progress=0.0, key=None):
    return make_row(
        status=status, lane=lane, estimate_seconds=seconds, progress=progress, submitted_by=key
    )


def estimate(engine, settings, rows, expected):
    """Return the seconds of these rows, once they are as expected or 30 s are over."""

    async def main():
        pool = make_pool(settings)
        database = Database(pool, engine, autocommit(engine), transactions=2, connections=2)
        retry_after = RetryAfter(database)
        until = time.monotonic() + 30
        try:
            while True:
                seconds = [retry_after.seconds(row) for row in rows]
                if seconds == expected or time.monotonic() > until:
                    return seconds
                await asyncio.sleep(0.01)
        finally:
            pool.close()

    return asyncio.run(main())


def test_the_work_ahead_is_spread_over_the_slots_of_its_lane(engine, store_settings, monkeypatch):
    monkeypatch.setattr("gateway.waiting.capacity.SILENT_SECONDS", 600)
    with engine.begin() as connection:
        add(connection, 1, Lane.HEAVY, 40, progress=0.75)
        add(connection, 2, Lane.HEAVY, 50)
        add(connection, 3, Lane.HEAVY, 31)
        add(connection, 4, Lane.QUICK, 7)
        add(connection, 5, Lane.QUICK, "NULL")  # counts for 5 s
        register_worker(connection, Lane.HEAVY, 2)
        register_worker(connection, Lane.HEAVY, 1, silent_seconds=400)
        register_worker(connection, Lane.HEAVY, 16, silent_seconds=660)
        register_worker(connection, Lane.QUICK, 4)
        register_relay(connection)
    rows = [
        row("queued", "heavy", 31),  # and 10 + 31 for three slots: 13.67. 50 is of another class
        row("queued", "heavy", 60),  # and 10 + 50 + 31: 30.33
        row("queued", "quick", 0.01),  # and 7 + 5 for four slots: 3
        row("queued", "quick", None),  # 5 and 3
        row("running", "heavy", None, progress=0.5),
        row("running", "heavy", 40, progress=0.75),  # has nothing ahead of it
        row("running", "heavy", 1, progress=0.999),
    ]
    expected = [45, 91, 4, 8, 5, 10, 1]
    assert estimate(engine, store_settings, rows, expected) == expected


def test_nobody_is_told_to_wait_for_the_flood_of_another_key(engine, store_settings, monkeypatch):
    """And with the same key, only for what is published of it and for what is as short."""
    monkeypatch.setattr("gateway.waiting.capacity.SILENT_SECONDS", 600)
    with engine.begin() as connection:
        for n in range(20):
            flood = add(connection, n, Lane.HEAVY, 60)
            change(connection, flood, "submitted_by = 'flood'")
            if n < 2:
                change(connection, flood, "published_at = now()")
        add(connection, 99, Lane.HEAVY, 60, progress=0.5)
        change(connection, add(connection, 98, Lane.HEAVY, 3), "submitted_by = 'other'")
        register_worker(connection, Lane.HEAVY, 2)
        register_relay(connection)
    # In the window are 2 * 60 + 30 s for two slots.
    rows = [
        row("queued", "heavy", 3, key="flood"),
        row("queued", "heavy", 3, key="other"),
        row("queued", "heavy", 60, key="other"),
        row("queued", "heavy", 60, key="flood"),
    ]
    # Its own other one, and as much of the two other keys; or all that there is.
    expected = [78, 80, 140, 677]
    assert estimate(engine, store_settings, rows, expected) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(1e-6, 1), (0.999, 1), (1.001, 2), (3_599.5, 3_600), (1e9, 3_600)]
)
def test_it_is_a_whole_number_from_a_second_to_an_hour(engine, store_settings, seconds, expected):
    rows = [row("running", "heavy", seconds)]
    assert estimate(engine, store_settings, rows, [expected]) == [expected]


@pytest.fixture
def client(database_url):
    with (
        running_gateway(database_url) as (_, port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        yield client


@pytest.mark.slow
def test_every_response_about_an_unfinished_calculation_has_it(engine, client):
    with engine.begin() as connection:
        running = add(connection, 1, Lane.HEAVY, 40, progress=0.25)
        queued = add(connection, 300_000_000, Lane.HEAVY, 80)
        register_worker(connection, Lane.HEAVY, 2)
        register_relay(connection)

    def retry_after(calculation, path=""):
        with engine.begin() as connection:  # they are alive, however long this test takes
            connection.execute(text("UPDATE workers SET seen_at = now()"))
            connection.execute(text("UPDATE relays SET seen_at = now()"))
        answer = client.get(f"/calculations/{calculation.id}{path}")
        assert answer.status_code == (409 if path else 200)
        return int(answer.headers["Retry-After"])

    # 80 of its own, 30 + 80 over two slots.
    eventually(lambda: retry_after(queued) == 135)
    assert retry_after(queued, "/result") == 135
    assert (retry_after(running), retry_after(running, "/result")) == (30, 30)
    body = {"function": "fibonacci", "arguments": {"n": 300_000_000}}
    again = client.post("/calculations", json=body)
    assert (again.status_code, again.headers["Retry-After"]) == (202, "135")


@pytest.mark.slow
def test_no_response_about_a_finished_calculation_has_it(engine, client):
    body = {"function": "fibonacci", "arguments": {"n": 10}}
    done = client.post("/calculations", json=body)
    for answer in (done, client.get(done.headers["Content-Location"])):
        assert answer.status_code == 200
        assert "Retry-After" not in answer.headers
