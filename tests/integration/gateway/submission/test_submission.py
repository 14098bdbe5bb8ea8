"""Submissions: what they store, and with which statements."""

import dataclasses
import hashlib

import gmpy2
import pytest
from sqlalchemy import event

from shared.calculation import Lane
from shared.failures import CANCELLED_JSON
from shared.result import ROW_BYTES
from shared.store import calculations, new_calculations
from shared.store.results.chunks import find_chunk
from tests.child_with_test_functions import REGISTRY
from tests.factories import make_calculation
from tests.integration import submitting
from tests.integration.lanes import make_test_calculation
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
    assert chunk == gmpy2.fib(100_000).digits().encode()


@pytest.mark.parametrize("n", [100, 10_000])
@pytest.mark.parametrize("name", ["text", "table", "json_text"])
def test_results_of_other_kinds_are_computed_at_once_where_an_estimate_says_so(
    engine, store_settings, n, name
):
    settings = dataclasses.replace(store_settings, inline_seconds=0.1)
    calculation = make_test_calculation(name, n)
    (row,) = submitting.submit(engine, settings, REGISTRY, calculation, 1)
    assert (row.status, row.length) == ("succeeded", n)
    with engine.begin() as connection:
        chunk = row.bytes_in_row if n <= ROW_BYTES else find_chunk(connection, row.id, 1, 0)
    assert chunk is not None
    assert hashlib.sha256(chunk).hexdigest() == row.result_sha256


def test_a_function_that_fails_is_left_to_a_worker_which_tells(engine, store_settings):
    settings = dataclasses.replace(store_settings, inline_seconds=0.1)
    for name in ("give_up", "exit_early", "set_in_object"):
        calculation = make_test_calculation(name)
        (row,) = submitting.submit(engine, settings, REGISTRY, calculation, 1)
        assert row.status == "queued"


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
