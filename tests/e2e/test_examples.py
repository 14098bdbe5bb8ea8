"""The functions of docs/examples, of each kind and lane, through everything."""

import hashlib
import json
from dataclasses import asdict

import pytest

from reckoner_examples.linear_system import linear_system
from reckoner_examples.mandelbrot import mandelbrot
from reckoner_examples.option_price import option_price
from reckoner_examples.pi import pi
from reckoner_examples.prime_factors import prime_factors
from reckoner_examples.random_walk import random_walk
from reckoner_examples.roman_numeral import roman_numeral
from tests.e2e.test_events import read_events
from tests.eventually import eventually

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
CSV = "text/csv; charset=utf-8"
DIGITS = "text/plain; charset=us-ascii"

PRICED = {"spot": 100.0, "strike": 105.5, "volatility": 0.2, "paths": 10_000}
SYSTEM = {"matrix": [[2.0, 1.0], [1.0, 3.0]], "right": [3.0, 5.0]}
SINGULAR = {"matrix": [[1.0, 2.0], [2.0, 4.0]], "right": [1.0, 1.0]}
MANY_ROWS = 40_000  # 800 KB: four chunks
A_PRIME = 99_999_999_999_973  # of 14 digits: half a second


def written(value):
    """Return the canonical JSON text of a value without exponents."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


# function, arguments, lane, media type, check, and the result that the function itself gives
CASES = [
    (
        "option_price",
        PRICED,
        "heavy",
        JSON,
        "recomputed",
        lambda: written(asdict(option_price(**PRICED))),
    ),
    ("prime_factors", {"n": 360}, "quick", JSON, "check", lambda: written(prime_factors(n=360))),
    (
        "prime_factors",
        {"n": 10**12 - 11},
        "quick",
        JSON,
        "check",
        lambda: written(prime_factors(n=10**12 - 11)),
    ),
    ("prime_factors", {"n": A_PRIME}, "heavy", JSON, "check", lambda: written({str(A_PRIME): 1})),
    ("linear_system", SYSTEM, "heavy", JSON, None, lambda: written(linear_system(**SYSTEM))),
    ("roman_numeral", {"n": 2026}, "quick", TEXT, None, lambda: roman_numeral(n=2026).encode()),
    ("mandelbrot", {"width": 64}, "heavy", "image/png", None, lambda: mandelbrot(width=64)),
    (
        "random_walk",
        {"rows": MANY_ROWS},
        "heavy",
        CSV,
        None,
        lambda: "".join(random_walk(rows=MANY_ROWS)).encode(),
    ),
    ("pi", {"n": 5_000}, "heavy", DIGITS, "check", lambda: pi(n=5_000).encode()),
]


def submit(client, function, arguments, **headers):
    body = {"function": function, "arguments": arguments}
    return client.post("/calculations", json=body, headers=headers)


def finished(client, function, arguments):
    """Submit one and wait for it; return its document."""
    answer = submit(client, function, arguments, Prefer="wait=60")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("function", "arguments", "lane", "media_type", "check", "expected"),
    CASES,
    ids=[f"{case[0]}-{case[2]}" for case in CASES],
)
def test_what_is_served_is_what_the_function_gives(
    client, function, arguments, lane, media_type, check, expected
):
    document = finished(client, function, arguments)
    right = expected()
    assert document["status"] == "succeeded", document["error"]
    assert document["lane"] == lane
    found = document["result"]
    assert (found["media_type"], found["length"]) == (media_type, len(right))
    assert found["sha256"] == hashlib.sha256(right).hexdigest()
    assert found["check"] == check
    answer = client.get(found["href"])
    assert answer.content == right
    assert answer.headers["Content-Type"] == media_type


def test_a_cheap_one_is_answered_in_the_request_with_its_value(client):
    answer = submit(client, "prime_factors", {"n": 1_001})
    assert answer.status_code == 200
    assert answer.json()["result"]["value"] == {"7": 1, "11": 1, "13": 1}


def test_defaults_are_part_of_the_calculation(client):
    short = submit(client, "mandelbrot", {"width": 8}).json()
    whole = submit(client, "mandelbrot", {"x": -0.75, "y": 0, "span": 3.0, "width": 8}).json()
    assert short["id"] == whole["id"]
    assert whole["arguments"] == {"span": 3, "width": 8, "x": -0.75, "y": 0}


def test_one_of_each_kind_in_a_batch(client):
    body = {
        "calculations": [
            {"function": "roman_numeral", "arguments": {"n": 1994}},
            {"function": "prime_factors", "arguments": {"n": 5_040}},
            {"function": "mandelbrot", "arguments": {"width": 9}},
            {"function": "random_walk", "arguments": {"rows": 3}},
            {"function": "pi", "arguments": {"n": 9}},
        ]
    }
    answer = client.post("/calculations/batch", json=body)
    assert answer.status_code == 202, answer.text
    results = [
        client.get(f"/calculations/{one['id']}", headers={"Prefer": "wait=60"}).json()["result"]
        for one in answer.json()["calculations"]
    ]
    assert [client.get(result["href"]).content for result in results] == [
        b"MCMXCIV",
        b'{"2":4,"3":2,"5":1,"7":1}',
        mandelbrot(width=9),
        "".join(random_walk(rows=3)).encode(),
        b"314159265",
    ]
    assert [result["value"] for result in results[:2]] == [
        "MCMXCIV",
        {"2": 4, "3": 2, "5": 1, "7": 1},
    ]


@pytest.mark.parametrize("asked", [(0, 9), (262_140, 262_150), (524_280, 800_000)])
def test_a_part_of_a_streamed_table(client, asked):
    href = finished(client, "random_walk", {"rows": MANY_ROWS})["result"]["href"]
    whole = client.get(href).content
    first, last = asked
    answer = client.get(href, headers={"Range": f"bytes={first}-{last}"})
    assert answer.status_code == 206
    assert answer.content == whole[first : last + 1]


def test_a_slow_one_tells_its_progress_and_can_be_cancelled(client):
    location = submit(client, "collatz", {"below": 10**8}).headers["Location"]
    eventually(lambda: 0 < client.get(location).json()["progress"] < 1, what="progress")
    assert client.delete(location).status_code == 202
    documents, _ = read_events(client, f"{location}/events")
    assert documents[-1]["status"] == "cancelled"


def test_a_function_that_fails_says_why_in_its_own_words(client):
    document = finished(client, "linear_system", SINGULAR)
    assert document["status"] == "failed"
    assert document["error"]["type"] == "urn:reckoner:problem:function-failed"
    assert document["error"]["detail"].startswith("The matrix is singular.")
    assert client.get(f"{document['links']['self']}/result").status_code == 409
