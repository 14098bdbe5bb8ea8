"""A key that is revoked while its request waits, or its event stream is open."""

import asyncio
import json
from functools import partial

import pytest

from gateway.routes.events import Events
from tests.integration.gateway.access.key_rows import bearer, make_key, revoke
from tests.integration.gateway.routes.queued import queue_calculations

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("frequent_refresh")]

BODY = b'{"function": "fibonacci", "arguments": {"n": 30000000}}'


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_that_waits_is_refused(engine, gateway, method):
    (path,) = queue_calculations(engine, 1)
    target, body = ("/calculations", BODY) if method == "POST" else (path, b"")
    key = make_key(engine)

    async def scenario(client):
        waiting = asyncio.create_task(
            client.ask(method, target, body=body, prefer="wait=1", authorization=bearer(key))
        )
        await asyncio.sleep(0.2)
        assert not waiting.done()
        revoke(engine, key)
        return await waiting

    answer = gateway(scenario)
    assert answer.status == 401
    assert "was revoked" in answer.json()["detail"]
    assert answer.headers["cache-control"] == "no-store"
    assert "x-reckoner-key" not in answer.headers


def test_a_request_that_waits_is_answered_while_its_key_is_valid(engine, gateway):
    (path,) = queue_calculations(engine, 1)
    key = make_key(engine, name="shop")
    answer = gateway(
        lambda client: client.ask("GET", path, prefer="wait=1", authorization=bearer(key))
    )
    assert (answer.status, answer.headers["x-reckoner-key"]) == (200, "shop")


def test_an_event_stream_ends_within_its_heartbeat(engine, gateway, monkeypatch):
    monkeypatch.setattr("gateway.app.Events", partial(Events, heartbeat_seconds=0.1))
    (path,) = queue_calculations(engine, 1)
    key, other = make_key(engine), make_key(engine)

    async def scenario(client):
        streams = [
            asyncio.create_task(client.ask("GET", f"{path}/events", authorization=bearer(one)))
            for one in (key, other)
        ]
        await asyncio.sleep(0.3)
        assert not any(stream.done() for stream in streams)
        revoke(engine, key)
        async with asyncio.timeout(10):
            ended = await streams[0]
        assert not streams[1].done()
        streams[1].cancel()
        return ended

    answer = gateway(scenario)
    first, *comments = answer.body.decode().strip().split("\n\n")
    assert json.loads(first.removeprefix("data: "))["status"] == "queued"
    assert comments
    assert all(comment.startswith(":") for comment in comments)
