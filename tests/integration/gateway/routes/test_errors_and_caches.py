"""An error for one client is not served to another."""

import asyncio
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.asgi import serving
from tests.integration.gateway.server.running import running_gateway
from tests.integration.results import store_result

LONG = {"n": 400_000}  # 83,595 digits: in a chunk, and short enough for NGINX's cache

#: Headers that only a success may have.
OF_A_SUCCESS = {
    "etag",
    "repr-digest",
    "unencoded-digest",
    "content-encoding",
    "content-range",
    "content-location",
    "accept-ranges",
    "x-accel-expires",
    "x-accel-buffering",
    "preference-applied",
}


@contextmanager
def missing(engine, table):
    """Rename a table for a moment."""
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO away"))
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"ALTER TABLE away RENAME TO {table}"))


def assert_plain_problem(answer, status):
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["x-request-id"]
    assert not OF_A_SUCCESS & answer.headers.keys()
    assert answer.json()["status"] == status


REQUESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "the whole": ("GET", "/calculations/{id}/result", {}),
    "gzip": ("GET", "/calculations/{id}/result", {"accept_encoding": "gzip"}),
    "a range": ("GET", "/calculations/{id}/result", {"range": "bytes=0-9"}),
    "one line of text": ("GET", "/calculate/400000", {}),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_an_error_at_the_first_digits_carries_no_header_of_a_success(
    engine, store_settings, registry, case
):
    calculation, computed = store_result(engine, LONG)
    method, path, headers = REQUESTS[case]
    path = path.format(id=calculation.id)

    async def scenario():
        async with serving(store_settings, registry) as client:
            with missing(engine, "result_chunks"):
                failed = await client.ask(method, path, **headers)
            return failed, await client.ask(method, path, **headers)

    failed, later = asyncio.run(scenario())
    assert_plain_problem(failed, 500)
    assert later.status in (200, 206)
    if case == "the whole":
        assert later.body == computed.data


FAULTY: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "a damaged chunk": ("GET", "/result", {}, 500),
    "a range beyond the end": ("GET", "/result", {"range": "bytes=99999999-"}, 416),
    "another tag": ("GET", "/result", {"if_match": '"other"', "accept_encoding": "gzip"}, 412),
    "another tag with HEAD": ("HEAD", "/result", {"if_match": '"other"'}, 412),
    "a document": ("GET", "", {"prefer": "wait=1"}, 500),
    "events": ("GET", "/events", {}, 500),
    "events with HEAD": ("HEAD", "/events", {}, 500),
}


@pytest.mark.parametrize("case", FAULTY)
def test_no_error_of_a_calculation_carries_a_header_of_a_success(
    engine, store_settings, registry, case
):
    calculation, _ = store_result(engine, LONG)
    method, path, headers, status = FAULTY[case]
    with engine.begin() as connection:
        connection.execute(text("UPDATE result_chunks SET digits = 'x'"))
    table = "calculations" if status == 500 and path != "/result" else "workers"

    async def scenario():
        async with serving(store_settings, registry) as client:
            with missing(engine, table):
                return await client.ask(method, f"/calculations/{calculation.id}{path}", **headers)

    answer = asyncio.run(scenario())
    if method == "HEAD":
        assert answer.status == status
        assert not OF_A_SUCCESS & answer.headers.keys()
        return
    expected = {"content-range"} if status == 416 else set()  # it says how long the result is
    assert OF_A_SUCCESS & answer.headers.keys() == expected
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.slow
def test_one_clients_momentary_error_is_not_served_to_the_next(engine, database_url, nginx):
    calculation, computed = store_result(engine, LONG)
    with running_gateway(database_url) as (_, port):
        url = f"{nginx(f'127.0.0.1:{port}').url}/calculations/{calculation.id}/result"
        plain = {"Accept-Encoding": "identity"}
        with missing(engine, "result_chunks"):
            assert httpx.get(url, headers=plain).status_code == 500
        later = httpx.get(url, headers=plain)
        assert later.status_code == 200
        assert later.content == computed.data
