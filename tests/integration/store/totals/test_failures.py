"""Failures are counted by function and reason, of the last hour and the last day."""

import json

from sqlalchemy import text

from shared.failures import failure_json
from shared.store.totals.failures import count_failures
from tests.integration.rows import change, queue


def fail(connection, n, reason, ago):
    calculation = queue(connection, n=n)
    error = failure_json(reason, "It failed.").replace("'", "''").replace(":", "\\:")
    change(
        connection,
        calculation,
        f"status = 'failed', error = '{error}', finished_at = now() - interval '{ago}'",
    )
    return calculation


def test_failures_are_counted_by_reason_and_the_latest_is_named(engine):
    with engine.begin() as connection:
        fail(connection, 1, "time-limit", "3 hours")
        latest = fail(connection, 2, "time-limit", "5 minutes")
        fail(connection, 3, "time-limit", "2 days")
        fail(connection, 4, "function-failed", "2 hours")
        queue(connection, n=5)
        found = count_failures(connection)
    assert found.is_exact
    assert [(one.type, one.last_hour, one.last_day) for one in found.counts] == [
        ("urn:reckoner:problem:time-limit", 1, 2),
        ("urn:reckoner:problem:function-failed", 0, 1),
    ]
    assert found.counts[0].latest_id == latest.id
    assert found.counts[0].function == "fibonacci"


def test_beyond_the_newest_failures_the_count_says_that_there_are_more(engine):
    with engine.begin() as connection:
        for n in range(4):
            fail(connection, n, "time-limit", "1 minute")
        found = count_failures(connection, most=3)
        assert (found.counts[0].last_day, found.is_exact) == (3, False)
        assert count_failures(connection, most=5).is_exact


def test_old_failures_beyond_those_that_are_counted_leave_the_count_exact(engine):
    with engine.begin() as connection:
        for n, ago in enumerate(["2 days", "2 days", "1 minute"]):
            fail(connection, n, "time-limit", ago)
        connection.execute(text("UPDATE calculations SET created_at = finished_at"))
        found = count_failures(connection, most=2)
        assert (found.counts[0].last_day, found.is_exact) == (1, True)


def test_many_failures_of_which_none_is_seen_are_not_said_to_be_none(engine):
    """Those that were created last have ended at a time that is still to come."""
    with engine.begin() as connection:
        for n in range(2):
            fail(connection, n, "time-limit", "-1 hour")
        assert count_failures(connection, most=1) == ([], False)


def test_without_failures_there_are_none(engine):
    with engine.begin() as connection:
        assert count_failures(connection) == ([], True)


def test_they_are_found_by_an_index(engine):
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = connection.execute(
            text("""EXPLAIN (FORMAT JSON) SELECT id FROM calculations
            WHERE status = 'failed' AND status <> 'succeeded' ORDER BY created_at DESC LIMIT 9""")
        ).scalar_one()
    assert "calculations_not_succeeded" in json.dumps(plan)
    assert "Sort" not in json.dumps(plan)
