"""NGINX's cache answers nobody whom the gateway would refuse."""

import itertools
import socket
from typing import Any

import httpx
import pytest

import compose.services.nginx as private
from gateway.http.limits import FRESH_KEYS_SECONDS, NGINX_CACHE_SECONDS
from tests.eventually import eventually
from tests.integration.nginx.cached import FOR_A_WHILE, document
from tests.integration.nginx.credentials import (
    CLIENTS,
    COOKIE,
    KEY,
    OTHER_COOKIE,
    OTHER_KEY,
)
from tests.upstream import Upstream

pytestmark = pytest.mark.slow


def raw_get(server, path, *lines):
    """Send a GET with these lines as they are; return the status and the body."""
    with socket.create_connection((server.host, server.port), timeout=10) as connection:
        head = [f"GET {path} HTTP/1.1".encode(), b"Host: a", b"Connection: close", *lines]
        connection.sendall(b"\r\n".join([*head, b"", b""]))
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    return int(received.split()[1]), received.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("suffix", ["", "/result"])
def test_no_client_is_answered_with_what_is_stored_for_another(nginx, suffix):
    path = document() + suffix
    plain = {"Accept-Encoding": "identity"}
    with Upstream(**FOR_A_WHILE) as upstream:
        with httpx.Client(base_url=nginx(upstream.address).url, headers=plain) as client:
            first = {name: client.get(path, headers=sent).text for name, sent in CLIENTS.items()}
            again = {name: client.get(path, headers=sent).text for name, sent in CLIENTS.items()}
        assert len(upstream.asked) == len(set(first.values())) == len(CLIENTS)
        assert again == first


def test_two_lines_of_a_header_are_what_the_gateway_gets_of_them(nginx):
    """A second line that NGINX did not look at would be a credential with the entry of nobody."""
    lines = {
        "two keys": (b"Authorization: x", b"Authorization: " + KEY.encode()),
        "an empty one first": (b"Authorization:", b"Authorization: " + KEY.encode()),
        "two cookies": (b"Cookie: a=1", b"Cookie: " + COOKIE.encode()),
        "an empty cookie first": (b"Cookie:", b"Cookie: " + OTHER_COOKIE.encode()),
        "a folded line": (b"Cookie: a=1;", b" " + COOKIE.encode()),
        "a space before the colon": (b"Authorization : " + KEY.encode(),),
    }
    path = document()
    with Upstream(**FOR_A_WHILE) as upstream:
        server = nginx(upstream.address)
        _, stored = raw_get(server, path)
        for name, sent in lines.items():
            before = len(upstream.asked)
            status, body = raw_get(server, path, *sent)
            assert body != stored, name
            assert (status == 400) is (len(upstream.asked) == before), name
        for _, headers in upstream.requests:
            assert len(headers.get_all("Authorization", [])) <= 1
            assert len(headers.get_all("Cookie", [])) <= 1
        assert raw_get(server, path) == (200, stored)


def test_cookies_of_other_services_on_the_host_are_no_credential(nginx):
    path = document()
    with Upstream(**FOR_A_WHILE) as upstream:
        url = nginx(upstream.address).url + path
        for cookie in ("theme=dark", "session=1; _ga=GA1.1.2", "reckoner=1", ""):
            httpx.get(url, headers={"Cookie": cookie} if cookie else {})
    assert len(upstream.asked) == 1


def test_each_host_has_its_own_entries(nginx):
    """The gateway refuses hosts that are not its own, whatever NGINX has stored for another."""
    path = document()
    with Upstream(**FOR_A_WHILE) as upstream:
        url = nginx(upstream.address).url + path
        for host in ("a", "b", "a.example", "a:1"):
            for _ in range(2):
                httpx.get(url, headers={"Host": host, "Authorization": KEY})
    assert [headers["Host"] for _, headers in upstream.requests] == ["a", "b", "a.example", "a:1"]


REFUSALS: dict[int, dict[str, Any]] = {
    401: {"WWW_Authenticate": 'Bearer realm="reckoner", error="invalid_token"'},
    403: {"WWW_Authenticate": 'Bearer realm="reckoner", error="insufficient_scope", scope="read"'},
    421: {},
    429: {"Retry_After": "7"},
}


@pytest.mark.parametrize("status", REFUSALS)
def test_a_refusal_of_the_gateway_passes_through_and_is_never_stored(nginx, status):
    path, body = document(), b'{"type":"urn:reckoner:problem:of-the-gateway"}'
    headers = {**REFUSALS[status], "Content_Type": "application/problem+json"}
    with Upstream(status, body=body, **headers, **FOR_A_WHILE) as upstream:
        url = nginx(upstream.address).url + path
        for _ in range(2):
            answer = httpx.get(url, headers={"Authorization": KEY})
            assert (answer.status_code, answer.content) == (status, body)
            for name, value in headers.items():
                assert answer.headers.get_list(name.replace("_", "-")) == [value]
    assert len(upstream.asked) == 2


def test_an_entry_in_use_ends_with_its_lifetime(nginx):
    """A revoked key is not answered for as long as somebody keeps on using it."""
    path, sent = document(), {"Authorization": KEY}
    with Upstream(X_Accel_Expires="1") as upstream:
        client = httpx.Client(base_url=nginx(upstream.address).url, headers=sent)
        assert client.get(path).status_code == 200
        upstream.status = 401
        assert client.get(path).status_code == 200
        eventually(lambda: client.get(path).status_code == 401, within_seconds=4)
        assert client.get(path).status_code == 401
        client.close()


def test_a_revoked_key_is_refused_within_30_seconds():
    """NGINX keeps time in whole seconds, and the last one counts."""
    assert FRESH_KEYS_SECONDS + NGINX_CACHE_SECONDS + 1 < 30


def test_nothing_out_of_date_is_served_while_the_gateway_decides_or_is_away(nginx):
    path, sent = document(), {"Authorization": KEY}
    with Upstream(X_Accel_Expires="1", Connection="close") as upstream:
        url = nginx(upstream.address).url + path
        assert httpx.get(url, headers=sent).status_code == 200
        upstream.may_answer.clear()

        def status() -> int | None:
            try:
                return httpx.get(url, headers=sent, timeout=0.2).status_code
            except httpx.ReadTimeout:
                return None

        def is_out_of_date() -> bool:
            status()
            return len(upstream.asked) > 1

        eventually(is_out_of_date, within_seconds=4)
        assert [status() for _ in range(3)] == [None] * 3
    assert httpx.get(url, headers=sent).status_code == 503


def test_nothing_that_sets_a_cookie_is_stored(nginx):
    paths = [document(), f"{document()}/result"]
    cookie = f"{COOKIE}; HttpOnly"
    headers: dict[str, Any] = {"Set_Cookie": cookie, **FOR_A_WHILE}
    for order in itertools.permutations(headers.items()):
        with Upstream(**dict(order)) as upstream:
            server = nginx(upstream.address)
            for path in paths * 2:
                answer = httpx.get(server.url + path, headers={"Accept-Encoding": "identity"})
                assert answer.headers.get_list("Set-Cookie") == [cookie]
        assert len(upstream.asked) == 4


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_session_is_never_stored(nginx, method):
    with Upstream(**FOR_A_WHILE) as upstream:
        server = nginx(upstream.address)
        for _ in range(2):
            httpx.request(method, f"{server.url}/session", headers={"Cookie": COOKIE})
    assert len(upstream.asked) == 2


def test_a_credential_that_cannot_be_hashed_shares_no_entry(nginx, tmp_path, monkeypatch):
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    for file in private._TEMPLATES.iterdir():
        (scripts / file.name).write_bytes(file.read_bytes())
    script = scripts / "credential.js"
    script.write_text(script.read_text().replace("return crypto", "throw 1;\n    return crypto"))
    monkeypatch.setattr(private, "_TEMPLATES", scripts)
    path = document()
    with Upstream(**FOR_A_WHILE) as upstream:
        url = nginx(upstream.address).url + path
        for sent in ({"Authorization": KEY}, {"Authorization": OTHER_KEY}, {}) * 2:
            assert httpx.get(url, headers=sent).status_code == 200
    assert len(upstream.asked) == 5, "only the answer without a credential is shared"
