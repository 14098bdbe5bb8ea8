"""How long NGINX keeps connections open, and how many event streams a client may have."""

import contextlib
import re
import socket
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

import compose.services.nginx as private
from gateway.http.limits import EVENT_HEARTBEAT_SECONDS, MAX_WAIT_SECONDS
from gateway.server.protocol import _IDLE_SECONDS
from tests.eventually import eventually
from tests.integration.nginx.raw import open_stream
from tests.upstream import Upstream

_TEMPLATE = Path(private.__file__).parents[1] / "nginx" / "reckoner.conf.template"


def seconds_of(directive):
    """Return the seconds of a directive, for each time it is in the template."""
    template = _TEMPLATE.read_text()
    return [int(found) for found in re.findall(rf"^\s*{directive} (\d+)s;", template, re.MULTILINE)]


def test_nginx_waits_longer_than_the_longest_wait():
    (seconds,) = seconds_of("proxy_read_timeout")
    assert seconds >= MAX_WAIT_SECONDS + 10
    assert seconds >= 3 * EVENT_HEARTBEAT_SECONDS


def test_nginx_closes_an_idle_connection_before_the_gateway_does():
    """Otherwise the gateway might close one just when a POST is sent on it."""
    to_gateways, to_clients = seconds_of("keepalive_timeout")
    assert to_gateways < _IDLE_SECONDS
    assert to_clients >= MAX_WAIT_SECONDS


@pytest.mark.slow
def test_event_streams_are_limited_by_client_address(nginx):
    path = f"/calculations/{uuid4()}/events"
    with Upstream() as upstream, contextlib.ExitStack() as stack:
        server = nginx(upstream.address, streams_per_address=3)
        streams = [open_stream(server, path) for _ in range(3)]
        for stream in streams:
            stack.callback(stream.close)
        eventually(lambda: upstream.streams == 3)
        refused = httpx.get(server.url + path)
        assert refused.status_code == 429
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert int(refused.headers["Retry-After"]) >= 1
        assert "3 event streams" in refused.json()["detail"]
        # The gateway knows this path, too.
        assert httpx.get(f"{server.url}/{path}").status_code == 429
        assert httpx.get(f"{server.url}/other").status_code == 200
        # Each address has its own limit.
        stack.callback(open_stream(server, path, "127.0.0.2").close)
        streams[0].close()
        eventually(lambda: upstream.streams == 3, within_seconds=5)
        stack.callback(open_stream(server, path).close)
        eventually(lambda: upstream.streams == 4)


def test_no_more_than_100_batches_are_held_in_memory(nginx):
    """Of clients without a key, too: whether one is valid is known once the body is complete."""
    head = b"POST /calculations/batch HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n"
    with Upstream() as upstream, contextlib.ExitStack() as stack:
        server = nginx(upstream.address)
        unfinished = []
        for _ in range(100):
            connection = socket.create_connection((server.host, server.port), timeout=10)
            unfinished.append(stack.enter_context(connection))
            connection.sendall(head)

        def batch(path="/calculations/batch"):
            return httpx.post(server.url + path, content=b"{}")

        eventually(lambda: batch().status_code == 503)
        refused = batch("/calculations/batch/")
        assert refused.json()["type"] == "urn:reckoner:problem:unavailable"
        assert int(refused.headers["Retry-After"]) >= 1
        assert batch("/calculations").status_code == 200
        unfinished[0].close()
        eventually(lambda: batch().status_code == 200)
