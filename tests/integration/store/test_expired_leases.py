"""A calculation whose lease has run out: queued again, failed or cancelled."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from shared.calculation import Lane
from shared.store import calculations
from shared.store.outbox import heavy_outbox, outbox
from tests.integration.rows import (
    cancel,
    change,
    claim,
    expire,
    extend,
    now,
    queue,
    retry,
    row_of,
    status_of,
    stored,
)


def test_a_calculation_fails_after_losing_max_attempts_workers(engine, connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    connection.commit()
    for expected in ("queued", "queued", "failed"):
        with engine.begin() as later:
            claim(later, calculation, lease_seconds=0)
        with engine.begin() as later:
            assert expire(later) == {calculation.id: expected}
            assert status_of(later, calculation) == expected
    with engine.begin() as later:
        row = row_of(later, calculation)
        assert row.attempt == 3
        assert row.error["type"].endswith("worker-lost")
        assert row.finished_at > row.started_at
        assert calculations.requeue_ended(later, [calculation], "again") == {calculation.id}
    with engine.begin() as later:
        assert claim(later, calculation, lease_seconds=0).attempt == 4
    with engine.begin() as later:
        assert expire(later) == {calculation.id: "queued"}


@pytest.mark.parametrize("ends", ["lost", "tried again"])
@pytest.mark.parametrize(
    ("base", "attempt", "seconds"),
    [(0, 1, 1), (0, 2, 2), (0, 3, 4), (5, 7, 2), (0, 7, 60), (0, 50, 60)],
)
def test_the_pause_after_an_attempt_doubles_up_to_a_minute(
    connection, ends, base, attempt, seconds
):
    calculation = queue(connection, lane=Lane.HEAVY)
    change(connection, calculation, f"attempt = {attempt - 1}, attempt_base = {base}")
    claimed = claim(connection, calculation, lease_seconds=-1)
    if ends == "lost":
        assert expire(connection, max_attempts=100, backoff_seconds=1.0)
    else:
        assert retry(connection, claimed)
    pause = stored(connection, calculation, "not_before - now()")
    assert pause == timedelta(seconds=seconds)
    expected = {Lane.HEAVY: pytest.approx(seconds)}
    assert outbox.seconds_to_next(connection) == expected
    assert heavy_outbox.take_heavy(10).on(connection).due == []


def test_a_calculation_whose_lease_ran_out_is_queued_as_if_it_had_never_run(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    heavy_outbox.take_heavy(10).on(connection)
    extend(connection, (claim(connection, calculation), 0.5), lease_seconds=-1)
    assert expire(connection) == {calculation.id: "queued"}
    row = row_of(connection, calculation)
    assert (row.status, row.progress, row.started_at) == ("queued", 0, None)
    (due,) = heavy_outbox.take_heavy(10).on(connection).due
    assert due.work.calculation_id == calculation.id


def test_a_calculation_whose_lease_ran_out_with_a_pending_cancel_is_cancelled(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    change(connection, calculation, "attempt = 9")  # cancelled, although its attempts are used up
    claim(connection, calculation, lease_seconds=-1)
    cancel(connection, calculation)
    assert expire(connection) == {calculation.id: "cancelled"}
    row = row_of(connection, calculation)
    assert (row.status, row.cancel_requested) == ("cancelled", False)
    assert row.error["type"].endswith("cancelled")
    assert row.finished_at == now(connection)
    assert calculations.requeue_ended(connection, [calculation], "again") == {calculation.id}


def test_a_live_lease_is_left_alone(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    claim(connection, calculation, lease_seconds=0.001)
    before = row_of(connection, calculation)
    assert expire(connection) == {}
    assert row_of(connection, calculation) == before


def test_the_oldest_leases_expire_first_up_to_the_limit(connection):
    made = [queue(connection, n=n, lane=Lane.HEAVY) for n in range(4)]
    for calculation, age in zip(made, (10, 40, 20, 30), strict=True):
        claim(connection, calculation, lease_seconds=-age)
    assert set(expire(connection, limit=2)) == {made[1].id, made[3].id}
    assert set(expire(connection, limit=3)) == {made[0].id, made[2].id}


def test_a_lease_that_another_relay_expires_is_not_waited_for(engine, connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    claim(connection, calculation, lease_seconds=-1)
    connection.commit()
    with engine.begin() as first, engine.begin() as second:
        second.execute(text("SET LOCAL lock_timeout = '2s'"))
        assert expire(first) == {calculation.id: "queued"}
        assert expire(second) == {}
