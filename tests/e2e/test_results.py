"""GET /calculations/{id}/result: HTTP's rules for one immutable representation."""

import base64
import gzip
import hashlib
import subprocess

import httpx
import pytest

from tests.e2e.numbers import fibonacci
from tests.e2e.test_submission import finish, submit

N = 3_000_000  # 626,963 digits: three chunks


@pytest.fixture(scope="module")
def stored(base_url):
    """The path and the digits of a stored result."""
    with httpx.Client(base_url=base_url, timeout=90) as client:
        return finish(client, N)["result"]["href"], fibonacci(N).encode()


def test_the_whole_result_carries_its_validators(client, stored):
    path, digits = stored
    answer = client.get(path, headers={"Accept-Encoding": "identity"})
    digest = hashlib.sha256(digits).digest()
    assert answer.content == digits
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["Content-Length"] == str(len(digits))
    assert answer.headers["ETag"] == f'"{digest.hex()}"'
    assert answer.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest).decode()}:"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_head_has_the_same_headers_without_a_body(client, stored):
    path, _ = stored
    identity = {"Accept-Encoding": "identity"}
    get, head = client.get(path, headers=identity), client.head(path, headers=identity)
    assert head.content == b""
    for name in ("ETag", "Repr-Digest", "Content-Length", "Content-Type", "Accept-Ranges"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=0-9", slice(0, 10)),
        ("bytes=262143-262144", slice(262_143, 262_145)),
        ("bytes=262144-", slice(262_144, None)),
        ("bytes=-5", slice(-5, None)),
        ("bytes=626962-99999999999999999999999", slice(626_962, None)),
        ("bytes=-99999999999", slice(0, None)),
    ],
)
def test_a_range_is_served_exactly(client, stored, asked, expected):
    path, digits = stored
    answer = client.get(path, headers={"Range": asked})
    first, end, _ = expected.indices(len(digits))
    assert answer.status_code == 206
    assert answer.content == digits[expected]
    assert answer.headers["Content-Range"] == f"bytes {first}-{end - 1}/{len(digits)}"
    assert answer.headers["Content-Length"] == str(end - first)


@pytest.mark.parametrize("asked", ["bytes=626963-", "bytes=999999999-", "bytes=-0"])
def test_a_range_beyond_the_end_is_416(client, stored, asked):
    path, digits = stored
    answer = client.get(path, headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(digits)}"
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "asked", ["bytes=9-5", "digits=0-5", "bytes=a-b", "bytes=-", "bytes=0-1,4-5", "bytes=1 0-2 0"]
)
def test_a_range_that_is_not_valid_is_ignored(client, stored, asked):
    path, digits = stored
    answer = client.get(path, headers={"Range": asked})
    assert answer.status_code == 200
    assert answer.content == digits


def test_a_result_that_the_client_has_is_not_sent_again(client, stored):
    path, _ = stored
    etag = client.head(path, headers={"Accept-Encoding": "identity"}).headers["ETag"]
    for matching in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        headers = {"If-None-Match": matching, "Accept-Encoding": "identity"}
        answer = client.get(path, headers=headers)
        assert answer.status_code == 304
        assert answer.content == b""
        assert answer.headers["ETag"] == etag
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    assert client.get(path, headers={"If-Match": '"other"'}).status_code == 412


def test_the_gzip_representation_has_validators_of_its_own(client, stored):
    path, digits = stored
    headers = {"Accept-Encoding": "gzip"}
    head = client.head(path, headers=headers)
    assert "Content-Length" not in head.headers
    digest = base64.b64encode(hashlib.sha256(digits).digest()).decode()
    assert head.headers["Unencoded-Digest"] == f"sha-256=:{digest}:"
    again = client.get(path, headers=headers | {"If-None-Match": head.headers["ETag"]})
    assert again.status_code == 304
    assert again.headers["ETag"] == head.headers["ETag"]


def test_head_takes_no_range(client, stored):
    path, digits = stored
    answer = client.head(path, headers={"Range": "bytes=0-4", "Accept-Encoding": "identity"})
    assert answer.status_code == 200
    assert answer.headers["Content-Length"] == str(len(digits))


@pytest.mark.parametrize("header", ["If-Unmodified-Since", "If-Modified-Since"])
def test_conditions_on_a_modification_date_are_ignored(client, stored, header):
    path, _ = stored
    document = path.removesuffix("/result")
    for address in (path, document, "/functions"):
        answer = client.get(address, headers={header: "Wed, 21 Oct 2015 07:28:00 GMT"})
        assert answer.status_code == 200


@pytest.mark.parametrize("n", [90, N])
def test_an_empty_condition_is_of_another_result(client, n):
    """NGINX takes it for none where it chooses what may be cached, and evaluates it itself."""
    path = finish(client, n)["result"]["href"]
    answer = client.get(path, headers={"If-Match": "", "Accept-Encoding": "identity"})
    assert answer.status_code == 412
    assert answer.json()["type"] == "urn:reckoner:problem:precondition-failed"


def test_if_range_guards_a_resumed_download(client, stored):
    path, digits = stored
    etag = client.head(path, headers={"Accept-Encoding": "identity"}).headers["ETag"]
    resumed = client.get(path, headers={"Range": "bytes=5-9", "If-Range": etag})
    assert (resumed.status_code, resumed.content) == (206, digits[5:10])
    for other in ('"other"', f"W/{etag}", "Wed, 21 Oct 2015 07:28:00 GMT"):
        whole = client.get(path, headers={"Range": "bytes=5-9", "If-Range": other})
        assert (whole.status_code, whole.content) == (200, digits)


def test_gzip_is_served_where_asked_for(client, stored):
    path, digits = stored
    with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
        body = b"".join(answer.iter_raw())
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert len(body) < len(digits)
    assert gzip.decompress(body) == digits
    plain = client.head(path, headers={"Accept-Encoding": "identity"})
    assert answer.headers["ETag"] != plain.headers["ETag"]
    refused = client.get(path, headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers


def test_an_unfinished_result_is_409_with_retry_after(client):
    location = submit(client, 150_000_001).headers["Location"]
    answer = client.get(f"{location}/result")
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("not-finished")
    assert int(answer.headers["Retry-After"]) >= 1
    client.delete(location)


@pytest.fixture(scope="module")
def large(base_url):
    """The URL and the SHA-256 of F(10^8)."""
    with httpx.Client(base_url=base_url, timeout=90) as client:
        result = finish(client, 100_000_000)["result"]
    return f"{base_url}{result['href']}", result["sha256"]


@pytest.mark.parametrize(
    "command",
    [
        "curl -sSf -o whole {url}",
        "curl -sSf -r 0-9999999 -o part {url}; curl -sSf -r 10000000- {url} | cat part - > whole",
        "curl -sSf -r 0-12345678 -o whole {url}; curl -sSf -C - -o whole {url}",
        "curl -sSf -r 0-12345678 -o whole {url}; wget -q -c -O whole {url}",
        "aria2c -q -x4 -s4 -k1M -o whole {url}",
        "curl -sSf --compressed -o whole {url}",
    ],
    ids=["curl", "curl -r", "curl -C -", "wget -c", "aria2c -x4", "curl --compressed"],
)
def test_common_clients_fetch_twenty_million_digits(large, tmp_path, command):
    url, sha256 = large
    subprocess.run(["bash", "-ec", command.format(url=url)], cwd=tmp_path, check=True)
    assert hashlib.sha256((tmp_path / "whole").read_bytes()).hexdigest() == sha256
