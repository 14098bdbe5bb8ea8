"""One calculation through the client: submitted, awaited, cancelled, and its value."""

import sys

import pytest

from reckoner.client import (
    Client,
)
from tests.e2e.numbers import fresh

UNKNOWN = "00000000-0000-4000-8000-000000000000"
SINGULAR = {"matrix": [[1.0, 2.0], [2.0, 4.0]], "right": [1.0, 1.0]}


@pytest.fixture
def client(base_url):
    with Client(base_url) as client:
        yield client


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        ("fibonacci", {"n": 100}, 354224848179261915075),
        ("factorial", {"n": 0}, 1),
        ("roman_numeral", {"n": 2026}, "MMXXVI"),
        ("prime_factors", {"n": 360}, {"2": 3, "3": 2, "5": 1}),
    ],
)
def test_call_gives_the_value_itself(client, function, arguments, expected):
    value = client.call(function, **arguments)
    assert (value, type(value)) == (expected, type(expected))


def test_digits_beyond_what_cpython_converts_are_an_int(client):
    n = fresh(100_000, 200_000)
    value = client.call("fibonacci", n=n)
    older, newer = 0, 1
    for _ in range(n):
        older, newer = newer, (older + newer) % 10**60
    assert value % 10**60 == older
    assert value.bit_length() in range(int(n * 0.69), int(n * 0.7))
    assert sys.get_int_max_str_digits() == 4_300


def test_bytes_are_bytes(client):
    assert client.call("mandelbrot", width=16)[:8] == b"\x89PNG\r\n\x1a\n"
