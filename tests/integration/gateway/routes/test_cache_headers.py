"""What may be cached: a result by everybody, a document by NGINX alone, once it is final."""

import asyncio
import gzip
import json
from typing import Any

import pytest
from sqlalchemy import text

from shared.calculation import Lane
from shared.failures import CANCELLED_JSON, failure_json
from shared.store import attempts
from shared.store.calculations import cancel_calculation
from tests.asgi import serving
from tests.integration.results import store_result
from tests.integration.rows import WORKER, claim, prune_result, queue

SHORT, LONG = {"n": 10_000}, {"n": 400_000}

IMMUTABLE = "public, max-age=31536000, immutable"


def queued(engine):
    with engine.begin() as connection:
        return queue(connection, n=300_000)


def running(engine):
    with engine.begin() as connection:
        calculation = queue(connection, n=300_000, lane=Lane.HEAVY)
        assert claim(connection, calculation)
        return calculation


def cancelled(engine):
    calculation = queued(engine)
    with engine.begin() as connection:
        assert cancel_calculation(connection, calculation.id, CANCELLED_JSON)
    return calculation


def failed(engine):
    with engine.begin() as connection:
        calculation = queue(connection, n=300_000, lane=Lane.HEAVY)
        claimed = claim(connection, calculation)
        error = failure_json("worker-lost", "Gone.")
        assert attempts.finish_failed(connection, claimed, error, worker_id=WORKER)
    return calculation


def pruned(engine):
    calculation, _ = store_result(engine, SHORT)
    with engine.begin() as connection:
        assert prune_result(connection, calculation.id)
    return calculation


def succeeded(engine):
    return store_result(engine, SHORT)[0]


def succeeded_long(engine):
    return store_result(engine, LONG)[0]


def ask(settings, registry, *requests):
    """Send requests one after the other, as (method, path, headers); return the responses."""

    async def scenario():
        async with serving(settings, registry) as client:
            return [await client.ask(method, path, **headers) for method, path, headers in requests]

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("make", "status", "problem"),
    [
        (queued, 409, "not-finished"),
        (running, 409, "not-finished"),
        (cancelled, 409, "cancelled"),
        (failed, 409, "worker-lost"),
        (pruned, 410, "result-pruned"),
    ],
)
def test_nothing_may_be_cached_of_one_without_a_result(
    engine, store_settings, registry, make, status, problem
):
    path = f"/calculations/{make(engine).id}"
    document, head, result, events = ask(
        store_settings,
        registry,
        ("GET", path, {}),
        ("HEAD", path, {}),
        ("GET", f"{path}/result", {}),
        ("HEAD", f"{path}/events", {}),
    )
    assert (document.status, head.status) == (200, 200)
    assert (result.status, result.json()["type"]) == (status, f"urn:reckoner:problem:{problem}")
    assert document.headers["cache-control"] == head.headers["cache-control"] == "no-cache"
    assert result.headers["cache-control"] == events.headers["cache-control"] == "no-store"
    for answer in (document, head, result, events):
        assert "x-accel-expires" not in answer.headers
    is_unfinished = make in (queued, running)
    assert ("retry-after" in document.headers) is is_unfinished
    assert ("retry-after" in result.headers) is is_unfinished


@pytest.mark.parametrize("make", [succeeded, succeeded_long])
def test_nginx_may_cache_what_has_succeeded_and_clients_its_result(
    engine, store_settings, registry, make
):
    path = f"/calculations/{make(engine).id}"
    document, result, compressed, part, unchanged, events = ask(
        store_settings,
        registry,
        ("GET", path, {}),
        ("GET", f"{path}/result", {}),
        ("GET", f"{path}/result", {"accept_encoding": "gzip"}),
        ("GET", f"{path}/result", {"range": "bytes=1-9"}),
        ("GET", f"{path}/result", {"if_none_match": "*"}),
        ("GET", f"{path}/events", {}),
    )
    assert document.headers["cache-control"] == "no-cache"
    assert "retry-after" not in document.headers
    for answer in (result, compressed, part, unchanged):
        assert answer.headers["cache-control"] == IMMUTABLE
        assert answer.headers["vary"] == "Accept-Encoding"
    for answer in (document, result):
        assert int(answer.headers["x-accel-expires"]) > 0
    for answer in (part, unchanged, events):
        assert "x-accel-expires" not in answer.headers
    assert (part.status, part.body) == (206, result.body[1:10])
    assert gzip.decompress(compressed.body) == result.body
    assert unchanged.status == 304


OTHERS: dict[str, tuple[str, str, Any, str]] = {
    "the root": ("GET", "/", None, "no-cache"),
    "the functions": ("GET", "/functions", None, "no-cache"),
    "the list": ("GET", "/calculations", None, "no-cache"),
    "a batch": (
        "POST",
        "/calculations/batch",
        {"calculations": [{"function": "fibonacci", "arguments": SHORT}]},
        "no-store",
    ),
    "a submission": (
        "POST",
        "/calculations",
        {"function": "fibonacci", "arguments": {"n": 300_000}},
        "no-cache",
    ),
    "one line of text": ("GET", "/calculate/1000", None, "no-cache"),
    "one line on what is queued": ("GET", "/calculate/300001", None, "no-cache"),
    "nothing": ("GET", "/nowhere", None, "no-store"),
}


@pytest.mark.parametrize("case", OTHERS)
def test_no_other_response_may_be_cached(store_settings, registry, case):
    method, path, body, expected = OTHERS[case]
    content = {"body": json.dumps(body).encode()} if body else {}
    (answer,) = ask(store_settings, registry, (method, path, content))
    assert answer.headers["cache-control"] == expected
    assert "x-accel-expires" not in answer.headers


def test_a_stream_is_not_buffered_and_ends_with_the_final_event(engine, store_settings, registry):
    path = f"/calculations/{succeeded(engine).id}/events"
    stream, again, stop = ask(
        store_settings,
        registry,
        ("GET", path, {}),
        ("GET", path, {"last_event_id": "other"}),
        ("GET", path, {"last_event_id": "final"}),
    )
    for answer in (stream, again):
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["x-accel-buffering"] == "no"
        (event,) = answer.body.decode().rstrip().split("\n\n")
        assert event.startswith("id: final\ndata: {")
    assert (stop.status, stop.body) == (204, b"")


@pytest.mark.parametrize(
    ("damage", "asked", "status"),
    [
        ("SET digits = left(digits, -1)", {}, 500),
        ("SET digits = overlay(digits placing '0' from 5)", {}, 500),
        ("SET ordinal = 7", {}, 500),
        ("SET digits = overlay(digits placing '0' from 5)", {"range": "bytes=0-9"}, 206),
    ],
)
def test_a_damaged_result_is_not_served_whole(
    engine, store_settings, registry, damage, asked, status
):
    """A range is not checked, because the SHA-256 is that of the whole."""
    calculation = succeeded_long(engine)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE result_chunks {damage}"))
    path = f"/calculations/{calculation.id}/result"
    (answer,) = ask(store_settings, registry, ("GET", path, asked))
    assert answer.status == status
    if status == 500:
        assert answer.json()["type"].endswith("result-corrupt")
        assert "x-accel-expires" not in answer.headers
