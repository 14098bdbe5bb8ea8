"""What NGINX passes on of a Host header, and what it tells browsers of every answer."""

import socket

import httpx
import pytest

from tests.integration.nginx.raw import send
from tests.upstream import Upstream

pytestmark = pytest.mark.slow

#: The request line and Host headers, and the host that the gateway is to check.
HOSTS = [
    (b"GET / HTTP/1.1", [b"localhost:8080"], "localhost:8080"),
    (b"GET / HTTP/1.1", [b"LocalHost."], "LocalHost."),
    (b"GET / HTTP/1.1", [b"localhost.:80"], "localhost.:80"),
    (b"GET / HTTP/1.1", [b"[::1]:8080"], "[::1]:8080"),
    (b"GET / HTTP/1.1", [b"user@localhost:8080"], "user@localhost:8080"),
    (b"GET / HTTP/1.1", [b"localhost:80:80"], "localhost:80:80"),
    (b"GET / HTTP/1.0", [], "localhost"),
    (b"GET http://evil.example/ HTTP/1.1", [b"localhost"], "evil.example"),
    (b"GET http://evil.example:80/ HTTP/1.0", [], "evil.example"),
    (b"GET http://localhost:8080/ HTTP/1.1", [b"evil.example"], "localhost"),
    (b"GET http://localhost:8080/ HTTP/1.1", [b"localhost:8080"], "localhost:8080"),
]


def test_the_gateway_gets_the_host_that_a_request_is_addressed_to(nginx):
    with Upstream() as upstream:
        server = nginx(upstream.address)
        for line, hosts, _ in HOSTS:
            head = b"\r\n".join([line, *(b"Host: " + host for host in hosts)])
            with socket.create_connection((server.host, server.port), timeout=10) as connection:
                connection.sendall(head + b"\r\nConnection: close\r\n\r\n")
                received = b"".join(iter(lambda: connection.recv(65_536), b""))
            assert b" 200 " in received.split(b"\r\n")[0]
        passed_on = [headers.get_all("Host") for _, headers in upstream.requests]
    assert passed_on == [[expected] for _, _, expected in HOSTS]


@pytest.mark.parametrize(
    "hosts", [b"", b"Host: a\r\nHost: a\r\n", b"Host: a\r\nHost: b\r\n", b"Host: a/b\r\n"]
)
def test_a_request_without_one_host_does_not_get_to_the_gateway(nginx, hosts):
    with Upstream() as upstream:
        sent = b"GET / HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n"
        status, problem = send(nginx(upstream.address), sent)
    assert (status, problem["status"]) == (400, 400)
    assert upstream.requests == []


def test_a_forwarded_host_does_not_change_the_host(nginx):
    with Upstream() as upstream:
        url = nginx(upstream.address).url
        httpx.get(url, headers={"Host": "evil.example", "X-Forwarded-Host": "localhost"})
    assert upstream.requests[0][1].get_all("Host") == ["evil.example"]


def test_no_answer_can_be_embedded_by_other_origins(nginx):
    document = "/calculations/00000000-0000-0000-0000-000000000000"
    with Upstream(
        X_Accel_Expires="20",
        Cross_Origin_Resource_Policy="same-origin",
        X_Content_Type_Options="nosniff",
    ) as upstream:
        url = nginx(upstream.address).url
        answers = [httpx.get(url + path) for path in ("/", document, document)]
        assert len(upstream.requests) == 2  # the last one is from the cache
        answers.append(httpx.get(f"{url}/.reckoner-problem"))  # NGINX's own problem
    assert [answer.status_code for answer in answers] == [200, 200, 200, 404]
    for answer in answers:
        assert answer.headers.get_list("Cross-Origin-Resource-Policy") == ["same-origin"]
        assert answer.headers.get_list("X-Content-Type-Options") == ["nosniff"]
        assert answer.headers.get_list("X-Frame-Options") == ["SAMEORIGIN"]
