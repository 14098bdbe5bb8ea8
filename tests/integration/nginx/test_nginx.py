"""What NGINX does by itself, with the configuration that Docker Compose has as well."""

import contextlib
import json
import os
import re
import socket
import subprocess
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

import compose.services.nginx as private
from gateway.http.limits import EVENT_HEARTBEAT_SECONDS, MAX_WAIT_SECONDS
from gateway.server.protocol import _IDLE_SECONDS
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


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("is_there", [False, True], ids=["is not there", "hangs up"])
def test_a_gateway_that_gives_no_answer_is_a_503_that_says_when_to_ask_again(
    nginx, method, is_there
):
    with Upstream(hangs_up=True) as upstream:
        url = nginx(upstream.address if is_there else "127.0.0.1:1").url
        answer = httpx.request(
            method, f"{url}/calculations", content=b"{}", headers={"X-Request-ID": "mine"}
        )
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Request-ID"] == "mine"
    assert int(answer.headers["Retry-After"]) >= 1
    problem = answer.json()
    assert problem["status"] == 503
    assert problem["type"] == "urn:reckoner:problem:unavailable"


@pytest.mark.parametrize(("method", "most_sent"), [("POST", 1), ("GET", 2), ("DELETE", 2)])
def test_a_post_that_was_sent_is_never_sent_again_and_others_are(nginx, method, most_sent):
    with Upstream(hangs_up=True) as first, Upstream(hangs_up=True) as second:
        url = nginx(first.address, second.address).url
        answer = httpx.request(method, f"{url}/calculations", content=b"{}")
        assert answer.status_code == 503
        assert len(first.asked + second.asked) == most_sent


def test_a_post_goes_to_another_gateway_when_one_is_not_there(nginx):
    with Upstream() as upstream:
        url = nginx("127.0.0.1:1", upstream.address).url
        for _ in range(4):
            assert httpx.post(f"{url}/calculations", content=b"{}").status_code == 200


@pytest.mark.parametrize(
    ("given", "is_kept"), [("a-Z_0.9", True), ("a" * 128, True), ("a" * 129, False), ("a b", False)]
)
def test_the_gateway_hears_the_request_id_that_the_client_is_told(nginx, given, is_kept):
    with Upstream(X_Request_ID="upstream") as upstream:
        answer = httpx.get(nginx(upstream.address).url, headers={"X-Request-ID": given})
    (told,) = answer.headers.get_list("X-Request-ID")
    assert (told == given) is is_kept
    assert upstream.requests[0][1].get_all("X-Request-ID") == [told]


def test_the_gateway_hears_the_host_that_the_client_asked(nginx):
    with Upstream() as upstream:
        httpx.get(nginx(upstream.address).url, headers={"Host": "reckoner.example"})
    assert upstream.requests[0][1].get_all("Host") == ["reckoner.example"]


def test_a_client_of_http_1_0_may_leave_the_host_out(nginx):
    with Upstream() as upstream:
        server = nginx(upstream.address)
        with socket.create_connection((server.host, server.port), timeout=10) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            received = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert b" 200 " in received.split(b"\r\n")[0]
    assert upstream.requests[0][1].get_all("Host") == ["localhost"]


@pytest.mark.parametrize("path", ["/calculations//x", "/a%2fb", "/a?b=c%20d"])
def test_the_gateway_hears_the_address_as_it_was_written(nginx, path):
    with Upstream() as upstream:
        httpx.get(nginx(upstream.address).url + path)
    assert upstream.asked == [path]


COMPRESSED = {
    "a document": ("application/json", 200, 2_000, True),
    "a problem": ("application/problem+json", 404, 2_000, True),
    "a short document": ("application/json", 200, 500, False),
    "digits": ("text/plain; charset=us-ascii", 200, 2_000, False),
}


@pytest.mark.parametrize("case", COMPRESSED)
def test_nginx_compresses_json_and_leaves_digits_to_the_gateway(nginx, case):
    media_type, status, length, is_compressed = COMPRESSED[case]
    with Upstream(status, body=b"9" * length, Content_Type=media_type) as upstream:
        url = nginx(upstream.address).url
        answer = httpx.get(url, headers={"Accept-Encoding": "gzip"})
        plain = httpx.get(url, headers={"Accept-Encoding": "identity"})
    assert answer.content == plain.content == b"9" * length
    assert (answer.headers.get("Content-Encoding") == "gzip") is is_compressed
    assert "Content-Encoding" not in plain.headers
    if is_compressed:
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert "Accept-Encoding" in plain.headers["Vary"]
    assert answer.headers["Server"] == "nginx", "which version it is concerns nobody"


def test_a_method_that_nginx_refuses_is_told_those_there_are(nginx):
    with httpx.Client(base_url=nginx("127.0.0.1:1").url) as client:
        answer = client.request("TRACE", "/")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, POST, DELETE"


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


def seconds_of(directive):
    """Return the seconds that a directive has, wherever it stands in the template."""
    template = (NGINX_FOLDER / "reckoner.conf.template").read_text()
    return [int(found) for found in re.findall(rf"^\s*{directive} (\d+)s;", template, re.MULTILINE)]


def test_nobody_is_cut_off_who_waits_as_long_as_may_be():
    (seconds,) = seconds_of("proxy_read_timeout")
    assert seconds >= MAX_WAIT_SECONDS + 10
    assert seconds >= 3 * EVENT_HEARTBEAT_SECONDS


def test_nginx_lets_go_of_an_idle_connection_before_the_gateway_does():
    """Else the gateway might close one on which a POST is just being sent."""
    to_gateways, to_clients = seconds_of("keepalive_timeout")
    assert to_gateways < _IDLE_SECONDS
    assert to_clients >= MAX_WAIT_SECONDS


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


def test_docker_compose_finds_the_addresses_behind_several_names():
    shown = subprocess.run(
        ["sh", NGINX_FOLDER / "follow-gateway.sh", "addresses"],
        env={
            "RECKONER_GATEWAY": "127.0.0.1:81,[::1]:82, 127.0.0.2:83,",
            "PATH": os.environ["PATH"],
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.split() == ["127.0.0.1:81", "127.0.0.2:83", "[::1]:82"]


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
        # Each address has its own.
        stack.callback(open_stream(server, path, "127.0.0.2").close)
        streams[0].close()
        eventually(lambda: upstream.streams == 3, within_seconds=5)
        stack.callback(open_stream(server, path).close)
        eventually(lambda: upstream.streams == 4)


def open_stream(server, path, address="127.0.0.1"):
    """Return a socket on which the stream has begun."""
    connection = socket.create_connection(
        (server.host, server.port), timeout=10, source_address=(address, 0)
    )
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    while b"data:" not in connection.recv(65_536):
        pass
    return connection
