"""GET /calculations/{id}/result: text, JSON and bytes are served as digits are."""

import base64
import gzip
import hashlib
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import create_engine, text

from shared.calculation import Lane
from shared.store import attempts
from tests.conftest import new_database
from tests.integration.gateway.server.running import running_gateway
from tests.integration.results_of_any_kind import insert_result_of
from tests.integration.rows import WORKER, claim, queue

CHUNK = 262_144

TEXT = "Zeile ü 漢\n" * 60_000
JSON = json.dumps({"values": list(range(100_000))}, separators=(",", ":"))
BYTES = random.Random(7).randbytes(2 * CHUNK + 5)

#: Kind, the author's media type, the bytes, and the type that is served.
RESULTS: dict[str, tuple[str, str | None, bytes, str]] = {
    "short text": ("text", None, b"two\nlines", "text/plain; charset=utf-8"),
    "text with NUL": ("text", None, b"a\0b", "text/plain; charset=utf-8"),
    "no text": ("text", None, b"", "text/plain; charset=utf-8"),
    "long text": ("text", None, TEXT.encode(), "text/plain; charset=utf-8"),
    "a table": ("text", "text/csv", b"a,b\r\n1,2\r\n" * 1_000, "text/csv; charset=utf-8"),
    "short JSON": ("json", None, b'{"a":1}', "application/json"),
    "JSON of 8 KiB": ("json", None, b'"%s"' % (b"x" * 8_190), "application/json"),
    "long JSON": ("json", None, JSON.encode(), "application/json"),
    "digits": ("digits", None, b"7" * (CHUNK + 1), "text/plain; charset=us-ascii"),
    "short bytes": ("bytes", None, b"\x00\xff\r\n", "application/octet-stream"),
    "no bytes": ("bytes", "image/png", b"", "image/png"),
    "a picture": ("bytes", "image/png", BYTES, "image/png"),
    "a picture of whole chunks": ("bytes", "image/png", BYTES[: 2 * CHUNK], "image/png"),
    "XML": ("bytes", "image/svg+xml", b"<svg/>" * 2_000, "image/svg+xml"),
}

COMPRESSED = {"long text", "a table", "JSON of 8 KiB", "long JSON", "digits", "XML"}

#: What keeps a browser from running it, with each success.
SAFE = {
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}

OF_A_SUCCESS = {*SAFE, "content-disposition", "content-security-policy", "repr-digest", "etag"}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)


@pytest.fixture(scope="module")
def gateway(postgres, admin, template_database):
    """A client of a gateway process, and an engine for its database."""
    with new_database(postgres, admin, template_database) as url, running_gateway(url) as (_, port):
        engine = create_engine(url)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client, engine
        engine.dispose()


@pytest.fixture
def engine(gateway):
    return gateway[1]


@pytest.fixture
def ask(gateway):
    """Send a request; return the response with its bytes as they came."""

    def send(method, path, **headers):
        sent = {"accept-encoding": "identity"} | headers
        with gateway[0].stream(method, path, headers=sent) as response:
            body = b"".join(response.iter_raw())
        return Answer(response.status_code, response.headers, body)

    return send


def insert(engine, case):
    kind, media_type, data, _ = RESULTS[case]
    with engine.begin() as connection:
        return f"/calculations/{insert_result_of(connection, kind, data, media_type=media_type)}"


def assert_safe(answer):
    for name, value in SAFE.items():
        assert answer.headers[name] == value
    policy = answer.headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert not [rule for rule in policy if rule.startswith("script-src") or "allow-" in rule]


@pytest.mark.parametrize("case", RESULTS)
def test_every_kind_is_served_whole_and_in_ranges(engine, ask, case):
    _, _, data, media_type = RESULTS[case]
    path = insert(engine, case) + "/result"
    middle = len(data) // 2
    whole, head = ask("GET", path), ask("HEAD", path)
    part = ask("GET", path, range=f"bytes={max(middle - 1, 0)}-{middle + 1}")
    end = ask("GET", path, range="bytes=-3")
    beyond = ask("GET", path, range=f"bytes={len(data)}-")
    again = ask("GET", path, **{"if-none-match": f'"{hashlib.sha256(data).hexdigest()}"'})
    resumed = ask("GET", path, **{"range": "bytes=1-1", "if-range": '"another"'})
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    for answer in (whole, head, resumed):
        assert answer.status == 200
        assert answer.headers["content-type"] == media_type
        assert answer.headers["content-length"] == str(len(data))
        assert answer.headers["repr-digest"] == f"sha-256=:{digest}:"
        assert ("vary" in answer.headers) is (case in COMPRESSED)
        assert_safe(answer)
    assert (whole.body, head.body, resumed.body) == (data, b"", data)
    assert again.status == 304
    assert_safe(again)
    assert beyond.status == 416
    assert beyond.headers["content-range"] == f"bytes */{len(data)}"
    assert not OF_A_SUCCESS & beyond.headers.keys()
    if data:
        assert (part.status, part.body) == (206, data[middle - 1 : middle + 2])
        assert (end.status, end.body) == (206, data[-3:])
        assert part.headers["content-type"] == media_type
        assert_safe(part)
    else:
        assert (part.status, end.status) == (416, 416)


@pytest.mark.parametrize("case", RESULTS)
def test_gzip_is_used_where_it_is_worth_it(engine, ask, case):
    _, _, data, _ = RESULTS[case]
    path = insert(engine, case) + "/result"
    answer, head = (ask(method, path, **{"accept-encoding": "gzip"}) for method in ("GET", "HEAD"))
    is_compressed = answer.headers.get("content-encoding") == "gzip"
    assert is_compressed is (case in COMPRESSED)
    assert head.headers.get("content-encoding") == answer.headers.get("content-encoding")
    assert head.headers["etag"] == answer.headers["etag"]
    assert (gzip.decompress(answer.body) if is_compressed else answer.body) == data
    assert ("content-length" in answer.headers) is not is_compressed


@pytest.mark.parametrize("case", ["long text", "a picture"])
def test_damaged_bytes_are_not_served_whole(engine, ask, case):
    kind, media_type, data, _ = RESULTS[case]
    with engine.begin() as connection:
        identity = insert_result_of(connection, kind, data[:CHUNK], media_type=media_type)
        connection.execute(
            text("UPDATE result_chunks SET data = set_byte(data, 9, 0) WHERE calculation_id = :id"),
            {"id": identity},
        )
    answer = ask("GET", f"/calculations/{identity}/result")
    assert (answer.status, answer.json()["type"]) == (500, "urn:reckoner:problem:result-corrupt")


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("image/png", 'inline; filename="mandelbrot-width-64-x--0.75.png"'),
        ("text/html", 'attachment; filename="mandelbrot-width-64-x--0.75.html"'),
        ("image/svg+xml", 'attachment; filename="mandelbrot-width-64-x--0.75.svg"'),
        (
            "image/png\r\nSet-Cookie: a=b",
            'attachment; filename="mandelbrot-width-64-x--0.75.bin"',
        ),
    ],
)
def test_a_browser_is_told_a_name_and_whether_to_show_it(engine, ask, media_type, expected):
    with engine.begin() as connection:
        identity = insert_result_of(
            connection,
            "bytes",
            b"x",
            media_type=media_type,
            function="mandelbrot",
            arguments='{"width":64,"x":-0.75}',
        )
    path = f"/calculations/{identity}"
    document, result = ask("GET", path), ask("GET", f"{path}/result")
    assert result.headers["content-disposition"] == expected
    assert "set-cookie" not in result.headers
    assert document.json()["result"]["media_type"] == result.headers["content-type"]


@pytest.mark.parametrize(
    ("case", "value"),
    [
        ("short text", "two\nlines"),
        ("text with NUL", "a\0b"),
        ("no text", ""),
        ("long text", None),
        ("short JSON", {"a": 1}),
        ("long JSON", None),
        ("short bytes", None),
        ("no bytes", None),
        ("a picture", None),
    ],
)
def test_documents_show_short_text_and_json_wherever_there_are_documents(engine, ask, case, value):
    path = insert(engine, case)
    document = ask("GET", path).json()
    newest = ask("GET", "/calculations?limit=1").json()["calculations"]
    events = ask("GET", f"{path}/events")
    assert document["result"]["value"] == value
    assert document["result"]["length"] == len(RESULTS[case][2])
    assert document["result"]["media_type"] == RESULTS[case][3]
    assert document["estimate"] is None
    assert newest == [document]
    (data,) = [line for line in events.body.decode().splitlines() if line.startswith("data:")]
    assert json.loads(data.removeprefix("data:")) == document


def test_the_details_of_a_failure_reach_the_client(engine, ask):
    details = {"row": 3, "pivot": [0, 1.5]}
    problem = {
        "type": "urn:reckoner:problem:function-failed",
        "title": "The function raised an exception",
        "detail": "singular matrix",
        "details": details,
    }
    with engine.begin() as connection:
        calculation = queue(connection, lane=Lane.HEAVY)
        claimed = claim(connection, calculation)
        assert attempts.finish_failed(connection, claimed, json.dumps(problem), worker_id=WORKER)
    path = f"/calculations/{calculation.id}"
    document, result = ask("GET", path), ask("GET", f"{path}/result")
    assert document.json()["error"] == problem
    assert result.status == 409
    assert result.json()["details"] == details
    assert result.json()["detail"] == "There is no result: singular matrix"


def test_an_unknown_result_has_no_header_of_a_success(ask):
    answer = ask("GET", f"/calculations/{uuid4()}/result")
    assert answer.status == 404
    assert not OF_A_SUCCESS & answer.headers.keys()
