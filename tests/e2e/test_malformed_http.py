"""Malformed HTTP, sent on a plain socket because httpx would not send it."""

import json
import socket
from urllib.parse import urlsplit

import pytest

_REST = b"Host: localhost\r\nConnection: close\r\n"
MALFORMED = {
    "an unknown method": b"FOO /functions HTTP/1.1\r\n" + _REST + b"\r\n",
    "a control character": b"GET /functions HTTP/1.1\r\n" + _REST + b"X: \x01\r\n\r\n",
    "a path beyond ASCII": b"GET /calculations/\xc3\xa9 HTTP/1.1\r\n" + _REST + b"\r\n",
    "no host": b"GET /functions HTTP/1.1\r\nConnection: close\r\n\r\n",
    "no HTTP": b"nonsense\r\n\r\n",
}


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED)
def test_malformed_http_gets_a_problem_document(base_url, sent):
    address = urlsplit(base_url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(sent)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().lower().split("\r\n")
    assert " 400 " in lines[0]
    assert "content-type: application/problem+json" in lines
    assert any(line.startswith("x-request-id: ") for line in lines)
    assert json.loads(body)["status"] == 400
