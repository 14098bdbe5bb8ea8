"""What NGINX answers from its cache, and what it passes to the gateway."""

from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.eventually import eventually
from tests.integration.nginx.cached import FOR_A_WHILE, document, result
from tests.upstream import Upstream

pytestmark = pytest.mark.slow

#: What the gateway sends with a result.
OF_A_RESULT: dict[str, Any] = {
    "Cache_Control": "public, max-age=31536000, immutable",
    "Content_Type": "text/plain; charset=us-ascii",
    "ETag": '"0123"',
    "Repr_Digest": "sha-256=:AAAA:",
    "Accept_Ranges": "bytes",
    "Vary": "Accept-Encoding",
    "Content_Disposition": "inline; filename=\"f-n-1.txt\"; filename*=UTF-8''f-n-1.txt",
    "Content_Security_Policy": "default-src 'none'; sandbox",
    "X_Content_Type_Options": "nosniff",
}

#: With any of these headers the gateway answers, for a document and for a result.
DECIDED_BY_THE_GATEWAY = {
    "Prefer": "wait=1",
    "Origin": "https://shop.example",
    "Range": "bytes=0-3",
    "If-Range": '"0123"',
    "If-None-Match": '"other"',
    "If-Match": '"0123"',
    "If-Modified-Since": "Wed, 21 Oct 2015 07:28:00 GMT",
    "If-Unmodified-Since": "Wed, 21 Oct 2015 07:28:00 GMT",
}


@pytest.mark.parametrize("make_path", [document, result])
def test_a_cached_response_is_the_same_but_for_its_request_id(nginx, make_path):
    with Upstream(**FOR_A_WHILE, X_Request_ID="upstream", **OF_A_RESULT) as upstream:
        url = nginx(upstream.address).url + make_path()
        plain = {"Accept-Encoding": "identity"}
        first, second = (
            httpx.get(url, headers={**plain, "X-Request-ID": name}) for name in ("one", "two")
        )
    assert len(upstream.asked) == 1
    assert second.content == first.content
    assert first.headers.get_list("X-Request-ID") == ["one"]
    assert second.headers.get_list("X-Request-ID") == ["two"]
    for name, value in OF_A_RESULT.items():
        assert first.headers[name.replace("_", "-")] == value
    for answer in (first, second):
        assert "X-Accel-Expires" not in answer.headers
        del answer.headers["X-Request-ID"]
        del answer.headers["Date"]
    assert second.headers == first.headers


def is_answered_from_the_cache(upstream, url, headers):
    """Say whether NGINX has an answer. It stores one only just after its client has it."""
    before = len(upstream.asked)
    assert httpx.get(url, headers=headers).status_code == 200
    return len(upstream.asked) == before


@pytest.mark.parametrize("name", DECIDED_BY_THE_GATEWAY)
def test_one_header_is_enough_to_bypass_the_cache(nginx, name):
    value = DECIDED_BY_THE_GATEWAY[name]
    plain = {"Accept-Encoding": "identity"}
    with Upstream(**FOR_A_WHILE, ETag='"0123"') as upstream:
        server = nginx(upstream.address)
        for path in (document(), result()):
            url = server.url + path
            for expected in (1, 2):
                assert httpx.get(url, headers=plain | {name: value}).status_code == 200
                assert upstream.asked.count(path) == expected
            eventually(partial(is_answered_from_the_cache, upstream, url, plain))
            before = upstream.asked.count(path)
            assert httpx.get(url, headers=plain | {name: value}).status_code == 200
            assert upstream.asked.count(path) == before + 1
    assert upstream.requests[0][1][name] == value


@pytest.mark.parametrize("method", ["HEAD", "POST", "DELETE"])
def test_only_a_get_is_answered_from_the_cache(nginx, method):
    with Upstream(**FOR_A_WHILE) as upstream:
        url = nginx(upstream.address).url + document()
        for asked in ("GET", method, "GET", method):
            assert httpx.request(asked, url).status_code == 200
    assert [command for command, _ in upstream.requests] == ["GET", method, method]


@pytest.mark.parametrize("path", ["/", "/functions", "/system", "/calculations", "/calculate/10"])
def test_no_other_route_is_cached(nginx, path):
    with Upstream(**FOR_A_WHILE) as upstream:
        url = nginx(upstream.address).url + path
        for _ in range(2):
            assert httpx.get(url).status_code == 200
    assert len(upstream.asked) == 2


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "br, GZIP;q=0.5"])
def test_a_result_with_gzip_comes_from_the_gateway(nginx, coding):
    """The gateway compresses results, with an ETag; NGINX compresses documents, and caches them."""
    with Upstream(**FOR_A_WHILE) as upstream:
        server = nginx(upstream.address)
        path = result()
        for sent in (coding, "identity", "identity", coding):
            httpx.get(server.url + path, headers={"Accept-Encoding": sent})
        assert len(upstream.asked) == 3
        path = document()
        for sent in (coding, "identity"):
            httpx.get(server.url + path, headers={"Accept-Encoding": sent})
        assert upstream.asked.count(path) == 1


@pytest.mark.parametrize(("length", "times_asked"), [(99_999, 1), (100_000, 2)])
def test_a_long_result_is_passed_on_and_not_cached(nginx, length, times_asked):
    with Upstream(body=b"9" * length, **FOR_A_WHILE) as upstream:
        url = nginx(upstream.address).url + result()
        for _ in range(2):
            answer = httpx.get(url, headers={"Accept-Encoding": "identity"})
            assert len(answer.content) == length
    assert len(upstream.asked) == times_asked


@pytest.mark.parametrize(
    "lifetime",
    [
        {},
        {"Cache_Control": "public, max-age=31536000, immutable"},
        {"Expires": "Wed, 21 Oct 2037 07:28:00 GMT"},
    ],
    ids=["none", "Cache-Control", "Expires"],
)
def test_cache_control_and_expires_do_not_make_nginx_cache(nginx, lifetime):
    """Only X-Accel-Expires counts, which an unfinished document never has."""
    with Upstream(**lifetime) as upstream:
        url = nginx(upstream.address).url + document()
        for _ in range(2):
            assert httpx.get(url).status_code == 200
    assert len(upstream.asked) == 2


@pytest.mark.parametrize(
    ("status", "times_asked"), [(200, 1), (206, 2), (301, 2), (404, 2), (409, 2), (500, 2)]
)
def test_nginx_caches_only_200_whatever_the_lifetime(nginx, status, times_asked):
    with Upstream(status, X_Accel_Expires="3600") as upstream:
        url = f"{nginx(upstream.address).url}/calculations/{uuid4()}"
        answers = [httpx.get(url) for _ in range(2)]
        assert {answer.status_code for answer in answers} == {status}
        assert len(upstream.asked) == times_asked


def test_nginx_does_not_cache_a_response_that_broke_off(nginx):
    with Upstream(200, missing_bytes=5, X_Accel_Expires="3600") as upstream:
        url = f"{nginx(upstream.address).url}/calculations/{uuid4()}"
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(url)
        upstream.missing_bytes = 0
        assert httpx.get(url).json() == {"answer": 2}


def test_a_response_is_cached_under_one_url_only(nginx):
    with Upstream(200, X_Accel_Expires="3600", Vary="Accept-Encoding") as upstream:
        server = nginx(upstream.address)
        path = f"/calculations/{uuid4()}"
        other = [f"{path}?x={number}" for number in range(3)]
        other += [f"{path}?", f"{path}/", path.replace("-", "%2d"), f"{path}/else"]
        for address in [path, *other] * 2:
            httpx.get(server.url + address)
        assert upstream.asked == [path, *other, *other]
        for number in range(3):
            result = httpx.get(
                f"{server.url}{path}/result", headers={"Accept-Encoding": f"x{number}"}
            )
            assert result.status_code == 200
        assert upstream.asked.count(f"{path}/result") == 1


def test_a_file_of_the_console_is_stored_under_one_url_alone(nginx):
    path = f"/console/files/{'0' * 16}/core/api.js"
    with Upstream(**FOR_A_WHILE) as upstream:
        url = nginx(upstream.address).url
        eventually(lambda: is_answered_from_the_cache(upstream, url + path, {}))
        for other in (path.replace("api", "%61pi"), f"{path}?", f"{path}?n=1"):
            before = len(upstream.asked)
            for _ in range(2):
                assert httpx.get(url + other).status_code == 200
            assert len(upstream.asked) == before + 2, other
