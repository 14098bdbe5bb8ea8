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

#: That NGINX takes at once.
_LARGE_BATCHES = 32

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


def test_large_batches_are_limited_and_small_ones_are_not(nginx):
    """The bodies of a few hundred would take all memory, whoever sends them."""

    def begin(length):
        head = f"POST /calculations/batch HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"
        connection = socket.create_connection((server.host, server.port), timeout=10)
        stack.callback(connection.close)
        connection.sendall(head.encode())
        return connection

    def answer():
        with httpx.Client(base_url=server.url) as client:
            return client.post("/calculations/batch", content=b" " * 100_000)

    with Upstream() as upstream, contextlib.ExitStack() as stack:
        server = nginx(upstream.address)
        unfinished = [begin(4_194_304) for _ in range(_LARGE_BATCHES)]
        eventually(lambda: answer().status_code == 503)
        refused = answer()
        assert refused.json()["detail"] == "Too many large requests are on their way. Retry in 2 s."
        assert refused.headers["Retry-After"] == "2"
        assert httpx.post(f"{server.url}/calculations/batch", content=b"{}").status_code == 200
        assert httpx.get(f"{server.url}/other").status_code == 200
        unfinished[0].close()
        eventually(lambda: answer().status_code == 200)
