"""What NGINX does by itself, with the configuration that Docker Compose has as well."""

import contextlib
import json
import os
import socket
import subprocess
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

import compose.services.nginx as private
from tests.eventually import eventually
from tests.upstream import Upstream

NGINX_FOLDER = Path(private.__file__).parents[1] / "nginx"

#: With 408 and 444 NGINX closes the connection without a word, and 499 is for the log.
STATUSES = [status for status in range(400, 600) if status not in (408, 444, 499)]


def test_nothing_that_nginx_says_by_itself_is_html(nginx):
    locations = "".join(
        f"    location = /test/{status} {{ return {status}; }}\n" for status in STATUSES
    )
    with httpx.Client(base_url=nginx("127.0.0.1:1", locations=locations).url) as client:
        answers = {status: client.get(f"/test/{status}") for status in STATUSES}
    html = [status for status, answer in answers.items() if "html" in answer.text.lower()]
    assert not html
    for answer in answers.values():
        if answer.content:
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.json()["status"] == answer.status_code
            assert answer.headers["X-Request-ID"]


def ask(server, sent):
    """Send bytes on a connection of their own; return status and problem document."""
    with socket.create_connection((server.host, server.port), timeout=10) as connection:
        connection.sendall(sent)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65_536):
                received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower(), received
    return int(head.split()[1]), json.loads(body)


ENDED = b"Host: a\r\nConnection: close\r\n\r\n"
REFUSED = {
    "a long address": (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n" + ENDED, 414),
    "a long header": (b"GET / HTTP/1.1\r\nX: " + b"a" * 9_000 + b"\r\n" + ENDED, 431),
    "another transfer coding": (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n" + ENDED, 501),
    "another version": (b"GET / HTTP/3.0\r\n" + ENDED, 505),
    "TRACE": (b"TRACE / HTTP/1.1\r\n" + ENDED, 405),
    "two lengths": (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n" + ENDED, 400),
    "a client hello of TLS": (b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", 400),
    "a length that is no number": (b"POST / HTTP/1.1\r\nContent-Length: x\r\n" + ENDED, 400),
    "a length without end": (
        b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 30 + b"\r\n" + ENDED,
        400,
    ),
    "an asterisk": (b"OPTIONS * HTTP/1.1\r\n" + ENDED, 400),
    "a path that leaves the root": (b"GET /../a HTTP/1.1\r\n" + ENDED, 400),
    "a NUL in the path": (b"GET /%00 HTTP/1.1\r\n" + ENDED, 400),
    "the second version": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", None),
    "a page of NGINX's own": (b"GET /.reckoner-problem HTTP/1.1\r\n" + ENDED, 404),
    "no gateway": (b"GET / HTTP/1.1\r\n" + ENDED, 503),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_nginx_refuses_is_a_problem_document(nginx, case):
    sent, expected = REFUSED[case]
    status, problem = ask(nginx("127.0.0.1:1"), sent)
    assert problem["status"] == status
    assert expected in (status, None)  # NGINX's versions differ


@pytest.mark.parametrize("header", ["If-Unmodified-Since", "If-Modified-Since"])
def test_a_condition_on_a_date_is_ignored_where_nothing_has_one(nginx, header):
    with Upstream(X_Accel_Expires="3600") as upstream:
        url = f"{nginx(upstream.address).url}/calculations/{uuid4()}"
        for _ in range(2):
            answer = httpx.get(url, headers={header: "Wed, 21 Oct 2015 07:28:00 GMT"})
            assert answer.status_code == 200


UNFINISHED = {
    "declared": b"Content-Length: 1000000\r\n\r\n",
    "in chunks": b"Transfer-Encoding: chunked\r\n\r\n20000\r\n" + b" " * 0x20000,
}


@pytest.mark.parametrize("case", UNFINISHED)
def test_a_body_that_is_too_long_is_refused_before_it_has_come(nginx, case):
    """Else it would be held in memory for as long as its client likes."""
    sent = b"POST /calculations HTTP/1.1\r\nHost: a\r\n" + UNFINISHED[case]
    status, problem = ask(nginx("127.0.0.1:1"), sent)
    assert status == 413
    assert problem["limit_bytes"] == 65_536


def test_unfinished_bodies_take_little_memory(nginx):
    """Each has 64 KiB at most, of the 900 KB that its client would like to leave there."""
    server = nginx("127.0.0.1:1")
    count, length = 60, 900_000
    before = memory_of(server)
    head = b"POST /calculations HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    sent = head + b"%x\r\n" % (2 * length) + b" " * length
    with contextlib.ExitStack() as stack:
        connections = []
        for _ in range(count):
            connection = socket.create_connection((server.host, server.port), timeout=10)
            connections.append(stack.enter_context(connection))
            with contextlib.suppress(OSError):  # it is refused before all is sent
                connection.sendall(sent)
        grown = memory_of(server) - before
    assert grown < count * length / 4


def memory_of(server):
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    pages = [int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in children]
    return sum(pages) * os.sysconf("SC_PAGE_SIZE")


def test_several_gateways_share_the_requests_and_stand_in_for_each_other(nginx):
    with Upstream() as first:
        with Upstream() as second:
            url = nginx(first.address, second.address).url
            for _ in range(10):
                assert httpx.get(url).status_code == 200
            assert first.asked
            assert second.asked
        for _ in range(10):
            assert httpx.get(url).status_code == 200


@pytest.mark.parametrize("gateway", ["gateway:8081", "one:8081,two:8081, [::1]:8081,"])
def test_docker_compose_has_the_same_upstream(gateway):
    script = f'. "{NGINX_FOLDER}/gateways.envsh" && printf %s "$RECKONER_GATEWAY_SERVERS"'
    rendered = subprocess.run(
        ["sh", "-c", script],
        env={"RECKONER_GATEWAY": gateway, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert rendered.stdout == private.servers(gateway)


def test_an_address_has_so_many_event_streams_and_no_more(nginx):
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
        assert httpx.get(f"{server.url}/other").status_code == 200
        streams[0].close()
        eventually(lambda: upstream.streams == 2, within_seconds=5)
        stack.callback(open_stream(server, path).close)
        eventually(lambda: upstream.streams == 3)


def open_stream(server, path):
    """Return a socket on which the stream has begun."""
    connection = socket.create_connection((server.host, server.port), timeout=10)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    while b"data:" not in connection.recv(65_536):
        pass
    return connection
