"""Claims: who gets one, how long it lasts, and how its worker ends it."""

from datetime import timedelta

from shared.calculation import Lane
from shared.failures import failure_json
from shared.store import attempts, calculations, new_calculations
from shared.store.outbox import heavy_outbox
from tests.factories import make_calculation, make_result
from tests.integration.rows import (
    OTHER_WORKER,
    WORKER,
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

MINE = {"worker_id": WORKER}


def test_a_claim_counts_an_attempt_and_excludes_others(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    claimed = claim(connection, calculation)
    assert (claimed.attempt, claimed.arguments_text, claimed.request_id) == (
        1,
        '{"n":1000}',
        "request",
    )
    assert claim(connection, calculation, worker_id=OTHER_WORKER) is None
    assert claim(connection, calculation) is None
    assert stored(connection, calculation, "worker_id") == WORKER


def test_a_claim_begins_the_run_and_lasts_for_its_lease(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    change(connection, calculation, "progress = 0.5")
    claim(connection, calculation, lease_seconds=40)
    row = row_of(connection, calculation)
    assert (row.status, row.progress, row.attempt) == ("running", 0, 1)
    assert row.started_at == now(connection)
    assert stored(connection, calculation, "lease_until - now()") == timedelta(seconds=40)


def test_a_quick_calculation_is_not_claimed(connection):
    assert claim(connection, queue(connection)) is None


def test_a_final_calculation_is_not_claimed(connection):
    cancelled, done = (queue(connection, n=n, lane=Lane.HEAVY) for n in (1, 2))
    cancel(connection, cancelled)
    attempts.finish_succeeded(connection, claim(connection, done), make_result(), **MINE)
    assert [claim(connection, one) for one in (cancelled, done)] == [None, None]


def test_a_heartbeat_extends_the_leases_that_it_names(connection):
    named, other = (queue(connection, n=n, lane=Lane.HEAVY) for n in (1, 2))
    claimed = claim(connection, named, lease_seconds=10)
    claim(connection, other, lease_seconds=10)
    for seconds in (20, 30):
        assert extend(connection, (claimed, 0.5), lease_seconds=seconds) == {named.id: False}
        left = stored(connection, named, "lease_until - now()")
        assert left == timedelta(seconds=seconds)
    assert stored(connection, other, "lease_until - now()") == timedelta(seconds=10)


def test_a_heartbeat_stores_the_progress_and_returns_the_cancel_of_each_claim(connection):
    made = [queue(connection, n=n, lane=Lane.HEAVY) for n in (1, 2, 3)]
    claims = [claim(connection, calculation) for calculation in made]
    cancel(connection, made[1])
    told = extend(connection, *zip(claims, (0.1, 0.2, 0.3), strict=True))
    assert told == {made[0].id: False, made[1].id: True, made[2].id: False}
    assert [row_of(connection, one).progress for one in made] == [0.1, 0.2, 0.3]


def test_progress_never_goes_back(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    claimed = claim(connection, calculation)
    for progress in (0.5, 0.25):
        extend(connection, (claimed, progress))
    assert row_of(connection, calculation).progress == 0.5


def test_a_result_ends_the_claim_and_records_where_its_digits_are(connection):
    short, long = (queue(connection, n=n, lane=Lane.HEAVY) for n in (1, 2))
    for calculation, length, value in ((short, 2, "42"), (long, 10_000, None)):
        change(connection, calculation, "attempt = 4, attempt_base = 3")
        claimed = claim(connection, calculation)
        cancel(connection, calculation)  # too late: the result is stored
        assert attempts.finish_succeeded(connection, claimed, make_result(length=length), **MINE)
        row = row_of(connection, calculation)
        assert (row.status, row.progress, row.attempt) == ("succeeded", 1, 5)
        assert row.finished_at == now(connection)
        assert row.compute_seconds == 0.25
        assert row.result_sha256 == make_result().sha256
        assert (row.result_value, row.result_attempt) == (value, None if value else 5)
        assert stored(connection, calculation, "lease_until IS NULL AND worker_id IS NULL")


def test_a_failure_ends_the_claim_with_its_reason(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    claimed = claim(connection, calculation)
    cancel(connection, calculation)  # too late
    error = failure_json("memory-limit", "Too much.")
    assert attempts.finish_failed(connection, claimed, error, **MINE)
    row = row_of(connection, calculation)
    assert (row.status, row.error["detail"]) == ("failed", "Too much.")
    assert row.finished_at == now(connection)
    assert not row.cancel_requested


def test_handing_back_costs_no_attempt(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    change(connection, calculation, "attempt = 1")  # a lost attempt is still counted
    heavy_outbox.take_heavy(10).on(connection)
    claimed = claim(connection, calculation)
    extend(connection, (claimed, 0.5))
    assert attempts.release_calculation(connection, claimed, **MINE)
    row = row_of(connection, calculation)
    assert (row.status, row.progress, row.started_at) == ("queued", 0, None)
    assert len(heavy_outbox.take_heavy(10).on(connection).due) == 1
    assert stored(connection, calculation, "ARRAY[attempt, attempt_base]") == [2, 1]


def test_trying_again_costs_an_attempt(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    heavy_outbox.take_heavy(10).on(connection)
    claimed = claim(connection, calculation)
    extend(connection, (claimed, 0.5))
    assert retry(connection, claimed)
    row = row_of(connection, calculation)
    assert (row.status, row.progress, row.started_at) == ("queued", 0, None)
    assert stored(connection, calculation, "ARRAY[attempt, attempt_base]") == [1, 0]
    assert [entry["outcome"] for entry in row.history] == ["process-died"]
    change(connection, calculation, "not_before = now()")
    assert len(heavy_outbox.take_heavy(10).on(connection).due) == 1


def test_a_calculation_with_a_pending_cancel_is_not_tried_again(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    claimed = claim(connection, calculation)
    cancel(connection, calculation)
    assert not retry(connection, claimed)
    assert status_of(connection, calculation) == "running"


def test_the_history_records_how_each_attempt_ended(engine):
    calculation = make_calculation(lane=Lane.HEAVY)
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, [calculation], "request")
    with engine.begin() as connection:
        claim(connection, calculation, lease_seconds=0)
    with engine.begin() as connection:
        expire(connection)
    with engine.begin() as connection:
        attempts.release_calculation(connection, claim(connection, calculation), **MINE)
        error = failure_json("memory-limit", "Too much.")
        attempts.finish_failed(connection, claim(connection, calculation), error, **MINE)
        calculations.requeue_ended(connection, [calculation], "again")
        began = stored(connection, calculation, "to_jsonb(now()) #>> '{}'")
        claimed = claim(connection, calculation)
        cancel(connection, calculation)
        attempts.finish_cancelled(connection, claimed, failure_json("cancelled", "."), **MINE)
        calculations.requeue_ended(connection, [calculation], "again")
        claimed = claim(connection, calculation)
        attempts.finish_succeeded(connection, claimed, make_result(), **MINE)
    with engine.begin() as connection:
        history = row_of(connection, calculation).history
    assert [entry["attempt"] for entry in history] == [1, 2, 3, 4, 5]
    failed = "urn:reckoner:problem:memory-limit"
    outcomes = ["lost", "released", failed, "cancelled", "succeeded"]
    assert [entry["outcome"] for entry in history] == outcomes
    assert {entry["worker"] for entry in history} == {str(WORKER)}
    assert (history[-1]["began_at"], history[-1]["ended_at"]) == (began, began)
    assert history[0]["began_at"] < history[0]["ended_at"]


def test_the_history_keeps_the_last_twenty(engine):
    calculation = make_calculation(lane=Lane.HEAVY)
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, [calculation], "request")
    for _ in range(25):
        with engine.begin() as connection:
            claimed = claim(connection, calculation)
            attempts.release_calculation(connection, claimed, **MINE)
    with engine.begin() as connection:
        history = row_of(connection, calculation).history
    assert [entry["attempt"] for entry in history] == list(range(6, 26))
