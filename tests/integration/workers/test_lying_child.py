"""A child process that does not do what it says: its worker believes what it has seen itself."""

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
from workers.sandbox.spares import SpareChildren

#: Takes its request, and says what it was told to say. The worker ends it when it has heard enough.
PROGRAM = """
import json, sys, time
from workers.sandbox.frames import Kind, frame
sys.stdin.read()
kind, payload, said = sys.argv[1:]
out = sys.stdout.buffer
for start in range(0, len(payload), 2**18):
    out.write(frame(Kind.DIGITS, payload[start:start + 2**18].encode()))
out.write(frame(Kind[kind], said.encode()))
out.flush()
time.sleep(60)
"""


def summary(digits: str, *, count: int | None = None) -> str:
    sha256 = hashlib.sha256(digits.encode()).hexdigest()
    count = len(digits) if count is None else count
    return f'{{"digits": {count}, "sha256": "{sha256}", "compute_seconds": 0.5}}'


def outcome(engine, settings, kind, digits, said):
    """Run an attempt with a child that sends these digits and says this; return the row."""
    calculation = make_test_calculation("whole", 10, Lane.HEAVY)
    with engine.begin() as connection:
        insert_queued(connection, [calculation], "request")
        claimed = claim(connection, calculation)
    children = SpareChildren([sys.executable, "-c", PROGRAM, kind, digits, said])
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
def test_digits_that_match_their_summary_are_the_result(engine, store_settings, digits):
    row = outcome(engine, store_settings, "SUMMARY", digits, summary(digits))
    assert (row.status, row.result_digits) == ("succeeded", len(digits))
    assert (row.result_sha256, row.compute_seconds) == (
        hashlib.sha256(digits.encode()).hexdigest(),
        0.5,
    )


@pytest.mark.parametrize(
    ("digits", "said"),
    [
        ("7" * 10, summary("7" * 9)),
        ("7" * 10, summary("7" * 11)),
        ("7" * 10, summary("7" * 10, count=11)),
        ("7" * 10, summary("7" * 9 + "8")),
        ("7" * 10_000, summary("7" * 9_999 + "8")),
        ("", summary("")),
        ("-7", summary("-7")),
        ("seven", summary("seven")),
        ("7" * 10_000 + " ", summary("7" * 10_000 + " ")),
    ],
    ids=[
        "more than it says",
        "less than it says",
        "another count",
        "another digest",
        "another digest of a long one",
        "nothing at all",
        "a sign",
        "a word",
        "a space after many",
    ],
)
def test_digits_that_do_not_match_their_summary_or_are_none_are_a_wrong_result(
    engine, store_settings, digits, said
):
    row = outcome(engine, store_settings, "SUMMARY", digits, said)
    assert (row.status, row.attempt) == ("failed", 1)
    assert row.error["type"] == "urn:reckoner:problem:result-wrong"
    assert (row.result_value, row.result_digits, chunks(engine)) == (None, None, 0)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("SUMMARY", "{}"),
        ("SUMMARY", '{"digits": "10", "sha256": "", "compute_seconds": 0.5}'),
        ("SUMMARY", "not JSON"),
        ("SUMMARY", "[" * 100_000),
        ("SUMMARY", summary("7" * 10).replace("0.5", "NaN")),
        ("SUMMARY", summary("7" * 10).replace("0.5", "1e999")),
        ("SUMMARY", summary("7" * 10).replace("0.5", "-0.5")),
        ("ERROR", '{"reason": "worker-lost", "detail": "as if"}'),
        ("ERROR", '{"reason": "cancelled", "detail": "as if"}'),
        ("ERROR", '{"reason": "of its own", "detail": "as if"}'),
        ("ERROR", '{"reason": "result-wrong"}'),
        ("ERROR", "[" * 100_000),
    ],
)
def test_an_end_that_makes_no_sense_is_the_end_of_its_process(engine, store_settings, kind, said):
    row = outcome(engine, store_settings, kind, "7" * 10, said)
    assert (row.status, row.result_value) == ("failed", None)
    assert row.error["type"] == "urn:reckoner:problem:process-died"


def test_the_reason_that_a_child_gives_is_cut(engine, store_settings):
    said = json.dumps({"reason": "function-failed", "detail": "no" * 50_000})
    row = outcome(engine, store_settings, "ERROR", "7" * 10, said)
    assert row.error["type"] == "urn:reckoner:problem:function-failed"
    assert len(row.error["detail"]) == 1_000
