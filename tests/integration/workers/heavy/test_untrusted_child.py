"""A child process that lies: its worker believes only what it has seen itself."""

import dataclasses
import hashlib
import json
import sys
import time

import pytest

from shared.calculation import Lane
from shared.store.new_calculations import insert_queued
from tests.integration.lanes import make_test_calculation
from tests.integration.rows import WORKER, claim, row_of
from workers.heavy.attempt import Attempt
from workers.heavy.lease import Lease
from workers.sandbox.outside.children import Children
from workers.sandbox.protocol import Summary

#: Takes its request, sends what the test wants, and waits until its worker kills it.
PROGRAM = """
import json, sys, time
from workers.sandbox.outside.children import Children
from workers.sandbox.protocol import Kind, encode_frame
sys.stdin.read()
header, kind, payload, ending = sys.argv[1:]
out = sys.stdout.buffer
if header:
    out.write(encode_frame(Kind.HEADER, header.encode()))
data = payload.encode("utf-8", "surrogateescape")
for start in range(0, len(data), 2**18):
    out.write(encode_frame(Kind.DATA, data[start:start + 2**18]))
out.write(encode_frame(Kind[kind], ending.encode()))
out.flush()
time.sleep(60)
"""


#: Bytes that are not UTF-8, as they are written to standard output.
LONE_BYTE, CUT_OFF = "\udcff", "\udcc3"


def report(digits: str, *, count: int | None = None) -> str:
    sha256 = hashlib.sha256(digits.encode("utf-8", "surrogateescape")).hexdigest()
    reported = Summary(
        len(digits.encode("utf-8", "surrogateescape")) if count is None else count,
        sha256,
        0.5,
        2**24,
    )
    return json.dumps(dataclasses.asdict(reported))


def announce(kind: str = "digits", media_type: str | None = None, check: str | None = None) -> str:
    return json.dumps({"kind": kind, "media_type": media_type, "check": check})


def outcome(engine, settings, kind, digits, ending, header=announce()):  # noqa: B008
    """Run an attempt with a child that sends these digits and says this; return the row."""
    calculation = make_test_calculation("whole", 10, Lane.HEAVY)
    with engine.begin() as connection:
        insert_queued(connection, [calculation], "request")
        claimed = claim(connection, calculation)
    children = Children(child_command=[sys.executable, "-c", PROGRAM, header, kind, digits, ending])
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
    ],
    ids=[
        "more than reported",
        "less than reported",
        "another count",
        "another digest",
        "another digest of a long one",
    ],
)
def test_anything_but_the_reported_digits_is_a_wrong_result(engine, store_settings, digits, ending):
    row = outcome(engine, store_settings, "RESULT", digits, ending)
    assert (row.status, row.attempt) == ("failed", 1)
    assert row.error["type"] == "urn:reckoner:problem:result-wrong"
    assert (row.result_value, row.result_digits, chunks(engine)) == (None, None, 0)


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("digits", ""),
        ("digits", "-7"),
        ("digits", "seven"),
        ("digits", "7" * 10_000 + " "),
        ("text", "seven" + LONE_BYTE),
        ("text", "s" * 10_000 + LONE_BYTE),
        ("text", "cut" + CUT_OFF),
        ("json", ""),
        ("json", "{"),
        ("json", "[NaN]"),
        ("json", '"\N{LATIN SMALL LETTER E WITH ACUTE}"'),
        ("json", "[" * 8_000),
    ],
)
def test_what_is_not_of_its_kind_is_an_invalid_result(engine, store_settings, kind, sent):
    row = outcome(engine, store_settings, "RESULT", sent, report(sent), announce(kind))
    assert (row.status, row.attempt) == ("failed", 1)
    assert row.error["type"] == "urn:reckoner:problem:result-invalid"
    assert (row.result_value, row.length, chunks(engine)) == (None, None, 0)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "{}",
        announce("numbers"),
        announce(media_type="text/html\r\nSet-Cookie: x"),
        announce(media_type="x" * 201),
        announce(check="believed"),
    ],
)
def test_bytes_that_were_not_announced_count_as_a_dead_process(engine, store_settings, header):
    row = outcome(engine, store_settings, "RESULT", "7", report("7"), header)
    assert (row.status, row.result_value) == ("failed", None)
    assert row.error["type"] == "urn:reckoner:problem:process-died"


@pytest.mark.parametrize(
    ("kind", "ending"),
    [
        ("HEADER", announce()),
        ("RESULT", "{}"),
        ("RESULT", report("7" * 10).replace('"length": 10', '"length": "10"')),
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
    ending = json.dumps({"reason": "function-failed", "detail": "no" * 50_000, "details": None})
    row = outcome(engine, store_settings, "ERROR", "7" * 10, ending)
    assert row.error["type"] == "urn:reckoner:problem:function-failed"
    assert len(row.error["detail"]) == 1_000
