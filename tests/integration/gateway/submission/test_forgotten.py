"""A calculation that retention deletes while it is submitted is stored as a new one."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.submission.store import store_batch, store_one
from shared.calculation import Status
from shared.failures import failure_json
from shared.store.calculations import NO_DELAYS
from shared.store.new_calculations import New
from shared.store.quick import finish_quick_failed
from shared.store.retention.removal import forget_calculations
from tests.eventually import eventually
from tests.factories import make_calculation, make_result
from tests.integration.retention.finished import count_rows
from tests.integration.rows import (
    change,
    note_counted,
    now,
    queue,
    row_of,
    waits_for_a_lock,
)


@pytest.fixture
def failed(engine):
    with engine.begin() as connection:
        calculation = queue(connection)
        finish_quick_failed(connection, {calculation.id: failure_json("function-failed", ".")})
        change(connection, calculation, "finished_at = now() - interval '1 day'")
        note_counted(connection, now(connection))
    return calculation


def alone(connection, calculation):
    stored = store_one(connection, New(calculation, None, "request"))
    assert (stored.row.status, stored.is_accepted) == ("queued", True)


def computed(connection, calculation):
    assert store_one(connection, New(calculation, make_result(), "request")).row.has_result


def in_a_batch(connection, calculation):
    others = [make_calculation(arguments={"n": n}) for n in (1, 2)]
    receipt = store_batch(connection, [*others, calculation], "request", None, NO_DELAYS)
    assert receipt.statuses[calculation.id] is Status.QUEUED
    assert receipt.new == {one.id for one in [*others, calculation]}


@pytest.mark.parametrize("submit", [alone, computed, in_a_batch])
def test_it_is_accepted_and_stored(engine, failed, submit):
    def submit_it():
        with engine.begin() as connection:
            submit(connection, failed)

    with ThreadPoolExecutor() as threads:
        with engine.begin() as retention:
            assert forget_calculations(retention, [failed.id], now(retention)).documents == 1
            submission = threads.submit(submit_it)
            eventually(lambda: waits_for_a_lock(engine) == 1)
        submission.result(30)
    assert count_rows(engine, "calculations") == (3 if submit is in_a_batch else 1)
    with engine.begin() as connection:
        assert row_of(connection, failed).attempt in (0, 1)
