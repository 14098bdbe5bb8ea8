"""What NGINX refuses by itself, and that it answers with problem documents."""

import contextlib
import os
import socket
from pathlib import Path

import httpx
import pytest

from tests.integration.nginx.raw import send

#: With 408 and 444 NGINX closes the connection without a response, and 499 is only logged.
STATUSES = [status for status in range(400, 600) if status not in (408, 444, 499)]


def test_no_error_page_of_nginx_is_html(nginx):
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
    "no gateway for a batch": (
        b"POST /calculations/batch HTTP/1.1\r\nContent-Length: 100000\r\n" + ENDED + b" " * 100_000,
        503,
    ),
    "no gateway for a cancel of many": (
        b"POST /calculations/cancel HTTP/1.1\r\nContent-Length: 500000\r\n"
        + ENDED
        + b" " * 500_000,
        503,
    ),
    "a cancel of too many": (
        b"POST /calculations/cancel HTTP/1.1\r\nContent-Length: 600000\r\n" + ENDED,
        413,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_nginx_refuses_is_a_problem_document(nginx, case):
    sent, expected = REFUSED[case]
    status, problem = send(nginx("127.0.0.1:1"), sent)
    assert problem["status"] == status
    assert expected in (status, None)  # NGINX's versions differ


def test_a_method_that_nginx_refuses_gets_a_list_of_those_allowed(nginx):
    with httpx.Client(base_url=nginx("127.0.0.1:1").url) as client:
        answer = client.request("TRACE", "/")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, POST, DELETE"


UNFINISHED = {
    "declared": b"Content-Length: 1000000\r\n\r\n",
    "in chunks": b"Transfer-Encoding: chunked\r\n\r\n20000\r\n" + b" " * 0x20000,
}


@pytest.mark.parametrize("case", UNFINISHED)
@pytest.mark.slow
def test_a_body_that_is_too_long_is_refused_before_it_has_arrived(nginx, case):
    """Otherwise a client could have it held in memory as long as it likes."""
    sent = b"POST /calculations HTTP/1.1\r\nHost: a\r\n" + UNFINISHED[case]
    status, problem = send(nginx("127.0.0.1:1"), sent)
    assert status == 413
    assert problem["limit_bytes"] == 65_536


def test_unfinished_bodies_take_little_memory(nginx):
    """At most 64 KiB are kept of each, of the 900 KB that its client sends."""
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
