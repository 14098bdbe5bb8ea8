"""Limits: of bodies to the byte, and of waiting requests."""

import asyncio
import json

import httpx
import pytest
from sqlalchemy import text

from gateway.http.limits import MAX_BATCH_BODY_BYTES, MAX_BODY_BYTES
from gateway.metrics.heartbeat import Heartbeat
from gateway.submission.known_functions import KnownFunctions
from tests.asgi import serving
from tests.eventually import eventually
from tests.integration.gateway.routes.queued import queue_calculations
from tests.upstream import Upstream

ONE = {"function": "fibonacci", "arguments": {"n": 1_000}}
JSON = {"Content-Type": "application/json"}

BODIES = {
    "/calculations": (ONE, 65_536, 200),
    "/calculations/batch": ({"calculations": [ONE]}, 4_194_304, 202),
}


def body(path, length):
    """Return a valid body of this length in bytes."""
    return json.dumps(BODIES[path][0]).encode().ljust(length)


def test_the_limits_are_the_documented_ones():
    assert (MAX_BODY_BYTES, MAX_BATCH_BODY_BYTES) == (65_536, 4_194_304)


@pytest.mark.parametrize("path", BODIES)
def test_a_body_is_accepted_up_to_the_limit_and_refused_beyond_it(store_settings, registry, path):
    _, most, status = BODIES[path]

    async def scenario():
        async with serving(store_settings, registry) as client:
            for length, expected in ((most, status), (most + 1, 413)):
                for declared in (str(length), None):
                    answer = await client.ask(
                        "POST", path, body=body(path, length), content_length=declared
                    )
                    assert answer.status == expected
                    if expected == 413:
                        assert answer.headers["content-type"] == "application/problem+json"
                        assert answer.json()["limit_bytes"] == most

    asyncio.run(scenario())


@pytest.mark.parametrize("path", [*BODIES, "/calculations/batch/"])
@pytest.mark.slow
def test_nginx_accepts_slightly_more_than_the_gateway(nginx, path):
    """With and without Content-Length. A body that is far too long is not even read."""
    _, most, _ = BODIES[path.rstrip("/")]
    with Upstream() as upstream:
        url = nginx(upstream.address).url + path
        for length in (most, most + 1):
            content = b" " * length
            assert httpx.post(url, content=content, headers=JSON).status_code == 200
            chunked = httpx.post(url, content=iter([content[:1_000], content[1_000:]]))
            assert chunked.status_code == 200
        answer = httpx.post(url, content=b" " * (most + 200_000), headers=JSON)
    assert (answer.status_code, answer.json()["limit_bytes"]) == (413, most)
    assert len(upstream.asked) == 4


def assert_unavailable(answer):
    assert answer.status == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["type"] == "urn:reckoner:problem:unavailable"


def wait_for_lock(engine, count):
    """Return once this many statements wait for the locked table."""

    def are_waiting():
        with engine.begin() as connection:
            waiting = connection.execute(
                text(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                    " AND datname = current_database()"
                )
            ).scalar_one()
            return waiting >= count

    eventually(are_waiting)


WAITED_FOR = {
    "look-ups": ("gateway.database.batching._MAX_WAITING", "GET"),
    "transactions": ("gateway.database.database._MAX_WAITING", "DELETE"),
}


@pytest.mark.parametrize("case", WAITED_FOR)
def test_requests_beyond_the_most_that_may_wait_get_503_at_once_and_the_others_are_served(
    engine, store_settings, registry, monkeypatch, case
):
    constant, method = WAITED_FOR[case]
    monkeypatch.setattr(constant, 3)
    # They would be among those that wait.
    monkeypatch.setattr(KnownFunctions, "run", lambda *_: asyncio.Event().wait())
    monkeypatch.setattr(Heartbeat, "run", lambda *_: asyncio.Event().wait())
    paths = queue_calculations(engine, 30)

    async def scenario():
        async with serving(store_settings, registry) as client:
            await client.ask("GET", "/functions")
            with engine.begin() as connection:
                connection.execute(text("LOCK TABLE calculations"))
                asked = [asyncio.create_task(client.ask(method, path)) for path in paths]
                await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
                await asyncio.to_thread(wait_for_lock, engine, 1)
                refused = [one.result() for one in asked if one.done()]
            answers = await asyncio.wait_for(asyncio.gather(*asked), 30)
            later = [await client.ask("GET", paths[0]) for _ in range(4)]
            later += [await client.ask("DELETE", path) for path in paths[-4:]]
            return answers, refused, later

    answers, refused, later = asyncio.run(scenario())
    for answer in refused:
        assert_unavailable(answer)
    served = [answer for answer in answers if answer not in refused]
    assert {answer.status for answer in served} == {200}
    assert 3 <= len(served) < len(answers)
    assert 503 not in {answer.status for answer in later}, (
        "the limit is of those that wait, not of all"
    )
