"""Event streams behind NGINX: they end with their clients, and do not slow down others."""

import contextlib
import http.client
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.integration.gateway.routes.queued import queue_calculations
from tests.integration.gateway.server.running import running_gateway

_ROOT = Path(__file__).parents[4]
_ESTABLISHED = "01"


def connections_to(port):
    """Return how many connections to a local port are open."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    rows = [line.split() for line in lines]
    return sum(row[2].endswith(f":{port:04X}") and row[3] == _ESTABLISHED for row in rows)


def open_stream(server, path):
    """Return a socket on which the first event has arrived."""
    stream = socket.create_connection((server.host, server.port), timeout=30)
    stream.sendall(f"GET {path}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    while b"data: " not in stream.recv(65_536):
        pass
    return stream


@pytest.mark.slow
def test_a_stream_ends_when_its_client_disconnects(engine, database_url, nginx):
    paths = queue_calculations(engine, 40)
    with running_gateway(database_url) as (_, port):
        server = nginx(f"127.0.0.1:{port}")
        streams = [open_stream(server, path) for path in paths]
        assert connections_to(port) >= len(streams)
        for stream in streams:
            stream.close()
        # The promise is one second; the rest is for a busy machine.
        eventually(lambda: connections_to(port) < 5, within_seconds=5)


@pytest.mark.slow
def test_head_of_events_has_no_body(engine, database_url, nginx):
    (path,) = queue_calculations(engine, 1)
    with running_gateway(database_url) as (_, port):
        server = nginx(f"127.0.0.1:{port}")
        connection = http.client.HTTPConnection(server.host, server.port, timeout=10)
        connection.request("HEAD", f"{path}/events")
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.getheader("Content-Type") == "text/event-stream"
        assert answer.read() == b""


#: Opens streams at a steady rate, closes each after its first event, and holds some open.
_COME_AND_GO = """
import socket, sys, time
host, port, rate, *paths = sys.argv[1:]
address, rate, held = (host, int(port)), float(rate), []
began, count = time.monotonic(), 0
print("begun", flush=True)
while True:
    time.sleep(max(0, began + count / rate - time.monotonic()))
    stream = socket.create_connection(address, timeout=30)
    path = paths[count % len(paths)]
    stream.sendall(f"GET {path}/events HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n".encode())
    while b"data: " not in (piece := stream.recv(65536)):
        assert piece and b" 429 " not in piece, piece
    count += 1
    if len(held) < 100:
        held.append(stream)
    else:
        stream.close()
"""

_RATE = 60
_SAMPLES = 400
_ROUNDS = 5


@pytest.mark.slow
def test_streams_that_come_and_go_leave_other_requests_as_fast_as_before(
    engine, database_url, nginx
):
    """p99 within twice what it is without them, in the best of a few rounds.

    One round may meet whatever else this machine does; what streams themselves do to others, they
    do in every round. No request may fail in any.
    """
    *paths, other = queue_calculations(engine, 21)
    ratios = []
    with running_gateway(database_url) as (_, port):
        server = nginx(f"127.0.0.1:{port}")
        with contextlib.closing(
            http.client.HTTPConnection(server.host, server.port, timeout=30)
        ) as client:
            for _ in range(_ROUNDS):
                alone = p99(client, other)
                with coming_and_going(server, paths):
                    ratios.append(p99(client, other) / alone)
                if ratios[-1] <= 2:
                    break
        eventually(lambda: connections_to(port) < 5)
    assert min(ratios) <= 2, ratios


@contextlib.contextmanager
def coming_and_going(server, paths):
    command = [sys.executable, "-c", _COME_AND_GO, server.host, str(server.port), str(_RATE)]
    process = subprocess.Popen([*command, *paths], cwd=_ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        yield
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait(10)


def p99(client, path):
    """Return the 99th percentile of the seconds that a look-up takes, at a steady rate."""
    seconds = []
    began = time.monotonic()
    for index in range(_SAMPLES):
        time.sleep(max(0.0, began + index * 0.01 - time.monotonic()))
        asked = time.monotonic()
        client.request("GET", path)
        answer = client.getresponse()
        answer.read()
        assert answer.status == 200
        seconds.append(time.monotonic() - asked)
    return sorted(seconds)[int(len(seconds) * 0.99)]
