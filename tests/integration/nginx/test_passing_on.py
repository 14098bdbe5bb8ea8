"""What NGINX passes on between client and gateway, changes on the way, and logs."""

import json
import socket
from uuid import uuid4

import httpx
import pytest

from tests.eventually import eventually
from tests.upstream import Upstream

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("given", "is_kept"), [("a-Z_0.9", True), ("a" * 128, True), ("a" * 129, False), ("a b", False)]
)
def test_gateway_and_client_get_the_same_request_id(nginx, given, is_kept):
    with Upstream(X_Request_ID="upstream") as upstream:
        answer = httpx.get(nginx(upstream.address).url, headers={"X-Request-ID": given})
    (returned,) = answer.headers.get_list("X-Request-ID")
    assert (returned == given) is is_kept
    assert upstream.requests[0][1].get_all("X-Request-ID") == [returned]


def test_the_gateway_gets_the_clients_host(nginx):
    with Upstream() as upstream:
        httpx.get(nginx(upstream.address).url, headers={"Host": "reckoner.example"})
    assert upstream.requests[0][1].get_all("Host") == ["reckoner.example"]


@pytest.mark.parametrize(
    ("sent", "passed_on"),
    [(None, "http"), ("https", "https"), ("http", "http"), ("HTTPS", "https"), ("ftp", "http")],
)
def test_the_gateway_gets_the_scheme_that_a_proxy_before_nginx_names(nginx, sent, passed_on):
    with Upstream() as upstream:
        httpx.get(nginx(upstream.address).url, headers={"X-Forwarded-Proto": sent} if sent else {})
    assert upstream.requests[0][1].get_all("X-Forwarded-Proto") == [passed_on]


def test_a_client_of_http_1_0_may_omit_the_host(nginx):
    with Upstream() as upstream:
        server = nginx(upstream.address)
        with socket.create_connection((server.host, server.port), timeout=10) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            received = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert b" 200 " in received.split(b"\r\n")[0]
    assert upstream.requests[0][1].get_all("Host") == ["localhost"]


@pytest.mark.parametrize("path", ["/calculations//x", "/a%2fb", "/a?b=c%20d"])
def test_the_gateway_gets_the_url_as_it_was_written(nginx, path):
    with Upstream() as upstream:
        httpx.get(nginx(upstream.address).url + path)
    assert upstream.asked == [path]


COMPRESSED = {
    "a document": ("", "application/json", 200, 2_000, True),
    "a problem": ("", "application/problem+json", 404, 2_000, True),
    "a short document": ("", "application/json", 200, 500, False),
    "digits": ("/result", "text/plain; charset=us-ascii", 200, 2_000, False),
    "a result in JSON": ("/result", "application/json", 200, 2_000, False),
}


@pytest.mark.parametrize("case", COMPRESSED)
def test_nginx_compresses_documents_and_leaves_results_to_the_gateway(nginx, case):
    route, media_type, status, length, is_compressed = COMPRESSED[case]
    with Upstream(status, body=b"9" * length, Content_Type=media_type, ETag='"a"') as upstream:
        url = f"{nginx(upstream.address).url}/calculations/{uuid4()}{route}"
        answer = httpx.get(url, headers={"Accept-Encoding": "gzip"})
        plain = httpx.get(url, headers={"Accept-Encoding": "identity"})
    assert answer.content == plain.content == b"9" * length
    assert (answer.headers.get("Content-Encoding") == "gzip") is is_compressed
    assert "Content-Encoding" not in plain.headers
    assert answer.headers["ETag"] == ('W/"a"' if is_compressed else '"a"')
    if is_compressed:
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert "Accept-Encoding" in plain.headers["Vary"]
    assert answer.headers["Server"] == "nginx", "the version must not be shown"


@pytest.mark.parametrize("header", ["If-Unmodified-Since", "If-Modified-Since"])
def test_a_condition_on_a_modification_date_is_ignored(nginx, header):
    with Upstream(X_Accel_Expires="3600") as upstream:
        url = f"{nginx(upstream.address).url}/calculations/{uuid4()}"
        for _ in range(2):
            answer = httpx.get(url, headers={header: "Wed, 21 Oct 2015 07:28:00 GMT"})
            assert answer.status_code == 200


def test_each_request_is_one_line_of_json_in_the_log(nginx):
    path = f"/calculations/{uuid4()}"
    with Upstream(X_Accel_Expires="3600") as upstream:
        server = nginx(upstream.address)
        for name in ("one", "two"):
            httpx.get(server.url + path, headers={"X-Request-ID": name, "User-Agent": 'a"\\'})
        eventually(lambda: server.access_log.read_text().count("\n") == 2)
    lines = server.access_log.read_text().splitlines()
    first, second = (json.loads(line) for line in lines)
    assert (first["request_id"], second["request_id"]) == ("one", "two")
    for line in (first, second):
        assert (line["method"], line["target"], line["status"]) == ("GET", path, 200)
        assert line["client"] == "127.0.0.1"
        assert line["bytes"] > 0
    assert (first["cache"], second["cache"]) == ("MISS", "HIT")
    assert (first["gateway_status"], second["gateway_status"]) == ("200", "")
