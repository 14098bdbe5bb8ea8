"""Submissions: what they store, and with which statements."""

import dataclasses

import gmpy2
import pytest
from sqlalchemy import event

from shared.calculation import Lane
from shared.failures import CANCELLED_JSON
from shared.store import calculations, new_calculations
from shared.store.chunks import find_chunk
from tests.factories import make_calculation
from tests.integration import submitting
from tests.integration.rows import claim

QUEUED = {"n": 300_000}
INLINE = {"n": 1_000}


@pytest.fixture
def transactions(engine):
    """The statements of whole transactions, which run in threads."""
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *event: sent.append(event[2]))
    return sent


def submit(engine, settings, registry, arguments, times=1):
    calculation = make_calculation(arguments=arguments)
    return submitting.submit(engine, settings, registry, calculation, times)


@pytest.mark.parametrize(("arguments", "status"), [(QUEUED, "queued"), (INLINE, "succeeded")])
def test_a_hundred_submissions_of_one_calculation_store_one_row_without_a_transaction(
    engine, store_settings, registry, transactions, arguments, status
):
    for _ in range(2):
        rows = submit(engine, store_settings, registry, arguments, times=100)
        assert len({row.created_at for row in rows}) == 1
        assert {row.status for row in rows} == {status}
    assert not transactions


def test_a_cancelled_calculation_is_queued_again(engine, store_settings, registry):
    submit(engine, store_settings, registry, QUEUED)
    identity = make_calculation(arguments=QUEUED).id
    with engine.begin() as connection:
        calculations.cancel_calculation(connection, identity, CANCELLED_JSON)
    (row,) = submit(engine, store_settings, registry, QUEUED)
    assert row.status == "queued"


def test_a_cheap_calculation_that_is_queued_is_computed_at_once(engine, store_settings, registry):
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, [make_calculation(arguments=INLINE)], "batch")
    (row,) = submit(engine, store_settings, registry, INLINE)
    assert row.status == "succeeded"


def test_a_cheap_calculation_that_was_cancelled_is_computed_at_once(
    engine, store_settings, registry
):
    calculation = make_calculation(arguments=INLINE)
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, [calculation], "batch")
        calculations.cancel_calculation(connection, calculation.id, CANCELLED_JSON)
    (row,) = submit(engine, store_settings, registry, INLINE)
    assert (row.status, row.error) == ("succeeded", None)


def test_a_long_result_that_is_computed_at_once_is_stored_whole(engine, store_settings, registry):
    arguments = {"n": 100_000}
    (row,) = submit(engine, store_settings, registry, arguments)
    assert (row.status, row.result_digits) == ("succeeded", 20_899)
    with engine.begin() as connection:
        chunk = find_chunk(connection, row.id, row.result_attempt, 0)
    assert chunk == gmpy2.fib(100_000).digits()


def test_a_cheap_calculation_is_queued_when_all_threads_hang(
    engine, store_settings, registry, monkeypatch
):
    monkeypatch.setattr("gateway.server.threads.WatchedThreads.is_stuck", True)
    (row,) = submit(engine, store_settings, registry, INLINE)
    assert row.status == "queued"


def test_a_batch_returns_the_status_of_each_calculation(engine, store_settings, registry):
    made = [make_calculation(arguments={"n": 300_000 + n}) for n in range(5)]
    queued, running, cancelled, *new = made
    with engine.begin() as connection:
        heavy = dataclasses.replace(running, lane=Lane.HEAVY)
        new_calculations.insert_queued(connection, [queued, heavy, cancelled], "before")
        calculations.cancel_calculation(connection, cancelled.id, CANCELLED_JSON)
        claim(connection, running)
    receipt = submitting.submit_batch(engine, store_settings, registry, [*made, *made[::-1]])
    assert receipt.accepted == 3
    assert receipt.statuses == {
        **dict.fromkeys((one.id for one in made), "queued"),
        running.id: "running",
    }
    assert set(receipt.statuses) == {one.id for one in made}
    again = submitting.submit_batch(engine, store_settings, registry, new)
    assert again.accepted == 0
    assert again.statuses == dict.fromkeys((one.id for one in new), "queued")
