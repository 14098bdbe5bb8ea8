"""Whatever a client sends: a problem document, nothing stored, never a 500."""

import json

import pytest

#: Later than the last moment that Python knows.
BEYOND_TIME = f"{10**18}-a3d12f3f-20b8-5372-b489-2e4a0769e1e8"
UNKNOWN = "/calculations/00000000-0000-4000-8000-000000000000"


def body(arguments, function="fibonacci", **more):
    return json.dumps({"function": function, "arguments": arguments, **more}).encode()


def number(written):
    return b'{"function":"fibonacci","arguments":{"n":%s}}' % written.encode()


BODIES = {
    "not JSON": (b"{nope", 400, None),
    "nothing": (b"", 400, None),
    "invalid UTF-8": (b'{"function":"fib\xff"}', 400, None),
    "a NUL byte": (b'{"function":"fib\x00"}', 400, None),
    "NaN": (number("NaN"), 400, None),
    "a member twice": (b'{"function":"fibonacci","function":"factorial"}', 400, None),
    "deep nesting": (b"[" * 60_000, 400, None),
    "deep and well-formed": (number("[" * 20_000 + "]" * 20_000), 400, None),
    "deeper than Python's checks": (number("[" * 600 + "]" * 600), 400, None),
    "rather deep": (number("[" * 25 + "]" * 25), 422, "/arguments/n"),
    "an integer of 5,000 digits": (number("9" * 5_000), 400, None),
    "null": (b"null", 422, ""),
    "a list": (b"[]", 422, ""),
    "no function": (b'{"arguments":{"n":1}}', 422, "/function"),
    "no arguments": (b'{"function":"fibonacci"}', 422, "/arguments"),
    "an unknown function": (body({"n": 1}, "nothing"), 422, "/function"),
    "a NUL in the function": (body({"n": 1}, "fib\0"), 422, "/function"),
    "half a surrogate pair": (b'{"function":"\\ud800","arguments":{"n":1}}', 422, "/function"),
    "a function that is no text": (body({"n": 1}, 5), 422, "/function"),
    "an unknown member": (body({"n": 1}, wait=5), 422, "/wait"),
    "arguments that are a list": (body([1]), 422, "/arguments"),
    "a missing argument": (body({}), 422, "/arguments/n"),
    "an extra argument": (body({"n": 1, "m": 2}), 422, "/arguments/m"),
    "an argument with a slash": (body({"n": 1, "a/b~c": 2}), 422, "/arguments/a~1b~0c"),
    "a negative n": (body({"n": -1}), 422, "/arguments/n"),
    "a fraction": (number("1.5"), 422, "/arguments/n"),
    "a fraction of nothing": (number("10.0"), 422, "/arguments/n"),
    "an exponent": (number("1e3"), 422, "/arguments/n"),
    "an exponent without end": (number("1e999"), 422, "/arguments/n"),
    "a boolean": (number("true"), 422, "/arguments/n"),
    "a null": (number("null"), 422, "/arguments/n"),
    "text": (number('"10"'), 422, "/arguments/n"),
    "text with a NUL": (number('"\\u0000"'), 422, "/arguments/n"),
    "a huge n": (number("1" + "0" * 40), 422, "/arguments/n"),
    "just beyond the bounds": (number("10000000001"), 422, "/arguments/n"),
    "more memory than there may be": (number("10000000000"), 422, "/arguments"),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_faulty_body_is_explained_and_not_stored(client, case):
    content, status, pointer = BODIES[case]
    before = client.get("/calculations?limit=1").json()
    answer = client.post(
        "/calculations", content=content, headers={"Content-Type": "application/json"}
    )
    assert_problem(answer, status)
    if pointer is not None:
        assert pointer in [fault["pointer"] for fault in answer.json()["errors"]]
        assert all(fault["detail"] for fault in answer.json()["errors"])
    assert client.get("/calculations?limit=1").json() == before


def test_more_than_64_kib_is_too_large_with_and_without_a_length(client):
    for content in (b" " * 1_000_000, (b" " * 1_000 for _ in range(1_000))):
        answer = client.post(
            "/calculations", content=content, headers={"Content-Type": "application/json"}
        )
        assert_problem(answer, 413)


@pytest.mark.parametrize("media_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_must_be_declared_as_json(client, media_type):
    headers = {} if media_type is None else {"Content-Type": media_type}
    answer = client.post("/calculations", content=body({"n": 1}), headers=headers)
    assert_problem(answer, 415)
    assert "application/json" in answer.headers["Accept-Post"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", UNKNOWN, 404),
        ("DELETE", UNKNOWN, 404),
        ("GET", f"{UNKNOWN}/result", 404),
        ("GET", "/calculations/nonsense", 404),
        ("GET", "/calculations/%ff%fe", 404),
        ("DELETE", "/calculations/nonsense", 404),
        ("GET", "/nowhere", 404),
        ("GET", "/calculate", 404),
        ("PUT", "/calculations", 405),
        ("PATCH", UNKNOWN, 405),
        ("GET", "/calculations/batch", 405),
        ("POST", "/functions", 405),
        ("GET", "/calculate/-1", 422),
        ("GET", "/calculate/ten", 422),
        ("GET", "/calculate/1.5", 422),
        ("GET", "/calculate/%D9%A3", 422),
        ("GET", f"/calculate/{'9' * 400}", 422),
        ("GET", "/calculations?limit=0", 422),
        ("GET", "/calculations?limit=many", 422),
        ("GET", "/calculations?limit=1&limit=2", 422),
        ("GET", "/calculations?status=lost", 422),
        ("GET", "/calculations?cursor=nonsense", 422),
        ("GET", "/calculations?function=%00", 422),
        ("GET", f"/calculations?cursor={BEYOND_TIME}", 422),
        ("GET", f"/nowhere?{'a' * 5_000}", 404),
        ("GET", "/calculations?colour=red", 422),
        ("POST", "/calculations?limit=1", 422),
        ("PUT", "/calculations?limit=1", 405),
        ("GET", f"{UNKNOWN}?x=1", 422),
        ("GET", f"{UNKNOWN}/result?x", 422),
        ("GET", "/functions?name=fibonacci", 422),
        ("GET", f"/calculations?{'a' * 5_000}", 422),
    ],
)
def test_a_faulty_address_is_explained(client, method, path, status):
    answer = client.request(method, path)
    assert_problem(answer, status)
    if status == 405:
        assert answer.headers["Allow"]


def assert_problem(answer, status):
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Request-ID"]
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"].startswith("urn:reckoner:problem:")
    assert problem["title"]
    assert problem["detail"]
