"""A child process that lies: its worker believes only what it has seen itself."""

import dataclasses
import hashlib
import json
import sys
import time

import pytest

from shared.calculation import Lane
from shared.result import Result
from shared.store.new_calculations import insert_queued
from tests.integration.lanes import make_test_calculation
from tests.integration.rows import WORKER, claim, row_of
from workers.heavy.attempt import Attempt
from workers.heavy.lease import Lease
from workers.sandbox.children import Children

#: Takes its request, sends what the test wants, and waits until its worker kills it.
PROGRAM = """
import json, sys, time
from workers.sandbox.protocol import Kind, encode_frame
sys.stdin.read()
kind, payload, ending = sys.argv[1:]
out = sys.stdout.buffer
for start in range(0, len(payload), 2**18):
    out.write(encode_frame(Kind.DIGITS, payload[start:start + 2**18].encode()))
out.write(encode_frame(Kind[kind], ending.encode()))
out.flush()
time.sleep(60)
"""


def report(digits: str, *, count: int | None = None) -> str:
    reported = dataclasses.asdict(dataclasses.replace(Result.of(digits, 0.5), digits=None))
    return json.dumps(reported if count is None else reported | {"digit_count": count})


def outcome(engine, settings, kind, digits, ending):
    """Run an attempt with a child that sends these digits and says this; return the row."""
    calculation = make_test_calculation("whole", 10, Lane.HEAVY)
    with engine.begin() as connection:
        insert_queued(connection, [calculation], "request")
        claimed = claim(connection, calculation)
    children = Children(child_command=[sys.executable, "-c", PROGRAM, kind, digits, ending])
    try:
        lease = Lease(claimed, time.monotonic() + 60)
        Attempt(lease, settings, engine, WORKER, children).run()
    finally:
        children.close()
    with engine.begin() as connection:
        return row_of(connection, calculation)


def chunks(engine):
    with engine.begin() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM result_chunks").scalar_one()


@pytest.mark.parametrize("digits", ["7" * 10, "7" * 10_000])
def test_digits_that_match_what_the_child_reports_are_the_result(engine, store_settings, digits):
    row = outcome(engine, store_settings, "RESULT", digits, report(digits))
    assert (row.status, row.result_digits) == ("succeeded", len(digits))
    assert (row.result_sha256, row.compute_seconds) == (
        hashlib.sha256(digits.encode()).hexdigest(),
        0.5,
    )


@pytest.mark.parametrize(
    ("digits", "ending"),
    [
        ("7" * 10, report("7" * 9)),
        ("7" * 10, report("7" * 11)),
        ("7" * 10, report("7" * 10, count=11)),
        ("7" * 10, report("7" * 9 + "8")),
        ("7" * 10_000, report("7" * 9_999 + "8")),
        ("", report("")),
        ("-7", report("-7")),
        ("seven", report("seven")),
        ("7" * 10_000 + " ", report("7" * 10_000 + " ")),
    ],
    ids=[
        "more than reported",
        "less than reported",
        "another count",
        "another digest",
        "another digest of a long one",
        "nothing at all",
        "a sign",
        "a word",
        "a space after many",
    ],
)
def test_anything_but_the_reported_digits_is_a_wrong_result(engine, store_settings, digits, ending):
    row = outcome(engine, store_settings, "RESULT", digits, ending)
    assert (row.status, row.attempt) == ("failed", 1)
    assert row.error["type"] == "urn:reckoner:problem:result-wrong"
    assert (row.result_value, row.result_digits, chunks(engine)) == (None, None, 0)


@pytest.mark.parametrize(
    ("kind", "ending"),
    [
        ("RESULT", "{}"),
        ("RESULT", report("7" * 10).replace('"digit_count": 10', '"digit_count": "10"')),
        ("RESULT", "not JSON"),
        ("RESULT", "[" * 100_000),
        ("RESULT", report("7" * 10).replace("0.5", "NaN")),
        ("RESULT", report("7" * 10).replace("0.5", "1e999")),
        ("RESULT", report("7" * 10).replace("0.5", "-0.5")),
        ("ERROR", '{"reason": "worker-lost", "detail": "as if"}'),
        ("ERROR", '{"reason": "cancelled", "detail": "as if"}'),
        ("ERROR", '{"reason": "of its own", "detail": "as if"}'),
        ("ERROR", '{"reason": "result-wrong"}'),
        ("ERROR", "[" * 100_000),
    ],
)
def test_an_invalid_result_or_error_counts_as_a_dead_process(engine, store_settings, kind, ending):
    row = outcome(engine, store_settings, kind, "7" * 10, ending)
    assert (row.status, row.result_value) == ("failed", None)
    assert row.error["type"] == "urn:reckoner:problem:process-died"


def test_the_detail_of_a_childs_error_is_limited(engine, store_settings):
    ending = json.dumps({"reason": "function-failed", "detail": "no" * 50_000})
    row = outcome(engine, store_settings, "ERROR", "7" * 10, ending)
    assert row.error["type"] == "urn:reckoner:problem:function-failed"
    assert len(row.error["detail"]) == 1_000
