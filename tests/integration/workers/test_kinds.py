"""Results of every kind through both lanes: a real worker, a real child, the real tables."""

import dataclasses
import hashlib
import json

import pytest

from shared.calculation import Lane, Status
from shared.result import CHUNK_BYTES, ROW_BYTES
from tests.child_with_test_functions import REGISTRY
from tests.integration.lanes import Feed, WorkerThread, make_test_calculation
from tests.misbehaving import results

pytestmark = pytest.mark.slow

LENGTHS = (0, 2, ROW_BYTES, ROW_BYTES + 1, CHUNK_BYTES, CHUNK_BYTES + 1)

#: Each function with its kind, its media type, and the bytes of its result.
KINDS = {
    "text": ("text", None, lambda n: results.text_of(n).encode()),
    "text_in_pieces": ("text", None, lambda n: results.text_of(n).encode()),
    "picture": ("bytes", "image/png", results.bytes_of),
    "table": ("bytes", "text/csv", results.bytes_of),
    "json_text": ("json", None, lambda n: b'"' + b"x" * (n - 2) + b'"'),
    "unchecked": ("digits", None, lambda n: b"3" * n),
}

MAX_BYTES = 2**20


@pytest.fixture
def feed(settings, engine) -> Feed:
    return Feed(settings, engine)


@pytest.fixture(params=Lane)
def lane(request) -> Lane:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def worker(settings, lane):
    """Return a worker of this lane with the functions of the tests."""
    changed = dataclasses.replace(settings, quick_seconds=1.0, max_result_bytes=MAX_BYTES)
    with WorkerThread(changed, lane, REGISTRY) as worker:
        yield worker


@pytest.mark.usefixtures("worker")
def test_a_result_of_any_kind_and_length_is_stored_byte_for_byte(feed, lane):
    made = {
        (name, n): make_test_calculation(name, n, lane)
        for name in KINDS
        for n in (LENGTHS if lane is Lane.QUICK else LENGTHS[-3:])
        if n or name not in ("json_text", "unchecked")
    }
    feed.submit(*made.values())
    feed.wait_for(Status.SUCCEEDED, *made.values())
    for (name, n), calculation in made.items():
        kind, media_type, result = KINDS[name]
        row = feed.row(calculation)
        assert feed.result(calculation) == result(n), (name, n)
        assert (row.kind, row.result_media_type, row.length) == (kind, media_type, n)
        assert (row.result_sha256, row.check) == (hashlib.sha256(result(n)).hexdigest(), None)
        assert (row.peak_bytes is None) is (lane is Lane.QUICK)


@pytest.mark.usefixtures("worker")
def test_integers_of_a_million_digits_are_exact(feed, lane):
    calculation = make_test_calculation("large_integer", 999_999, lane)
    feed.submit(calculation)
    feed.wait_for(Status.SUCCEEDED, calculation)
    assert feed.result(calculation) == b'{"value":1' + b"0" * 999_999 + b"}"


@pytest.mark.usefixtures("worker")
def test_failures_are_told_in_words(feed, lane):
    expected = {
        ("give_up", 3): ("function-failed", "singular matrix"),
        ("give_up_at_length", 9_000): ("function-failed", "singular matrix"),
        ("begin_and_fail", 3 * CHUNK_BYTES): ("function-failed", "ZeroDivisionError: at the end"),
        ("exit_early", 3): ("function-failed", "The function raised SystemExit."),
        ("recurse", 3): ("function-failed", "RecursionError: "),
        ("raise_unprintable", 3): ("function-failed", "Unprintable: its text cannot be shown"),
        ("raise_at_length", 10_000_000): ("function-failed", "ValueError: xxx"),
        ("set_in_object", 3): ("result-invalid", "/numbers is of the type set. Return a list"),
        ("nothing_for_bytes", 3): ("result-invalid", "The function returned None"),
        ("endless", 100_000): ("result-invalid", "more than the 1,048,576 bytes"),
        ("judged", 11): ("result-wrong", "did not pass its check: 11 is more than ten."),
    }
    made = {key: make_test_calculation(*key, lane) for key in expected}
    right = make_test_calculation("judged", 10, lane)
    feed.submit(*made.values(), right)
    feed.wait_for(Status.FAILED, *made.values())
    feed.wait_for(Status.SUCCEEDED, right)
    for key, calculation in made.items():
        row = feed.row(calculation)
        reason, words = expected[key]
        assert row.error["type"] == f"urn:reckoner:problem:{reason}", row.error
        assert words in row.error["detail"]
        assert len(row.error["detail"]) <= 500
    assert feed.row(made["give_up", 3]).error["details"] == {"row": 3, "column": [1, 2]}
    assert "details" not in feed.row(made["give_up_at_length", 9_000]).error
    assert feed.row(right).check == "check"
    assert json.loads(feed.result(right)) == {"n": 10}
    assert feed.scalar("SELECT count(*) FROM result_chunks") == 0
