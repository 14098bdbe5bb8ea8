"""The statements: each names the state that it expects, and touches nothing else."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from gateway.http.document import document
from shared.calculation import Lane
from shared.failures import failure_json
from shared.result import CHUNK_DIGITS, Result
from shared.store import calculations, new_calculations, outbox, quick
from shared.store.chunks import find_chunk
from shared.store.new_calculations import New
from tests.eventually import eventually
from tests.factories import make_calculation, make_result
from tests.integration.rows import (
    cancel,
    change,
    claim,
    queue,
    row_of,
    status_of,
    stored,
    waits_for_a_lock,
)


def test_what_is_inserted_twice_is_there_once(connection):
    calculation = make_calculation()
    assert new_calculations.insert_queued(connection, [calculation], "a") == {calculation.id}
    before = row_of(connection, calculation)
    assert new_calculations.insert_queued(connection, [calculation], "b") == set()
    assert new_calculations.insert_new([New(calculation, None, "c")]).on(connection) == {}
    assert new_calculations.insert_new([New(calculation, make_result(), "c")]).on(connection) == {}
    assert row_of(connection, calculation) == before
    assert stored(connection, calculation, "request_id") == "a"


def test_what_exists_is_not_waited_for_while_another_changes_it(engine, connection):
    """The relay holds rows locked for as long as RabbitMQ confirms nothing."""
    there, new, newer = (make_calculation(arguments={"n": n}) for n in (1, 2, 3))
    new_calculations.insert_queued(connection, [there], "request")
    connection.commit()
    with engine.begin() as relay, engine.begin() as gateway:
        assert len(outbox.take_due(Lane.QUICK, 9).on(relay)) == 1
        gateway.execute(text("SET LOCAL lock_timeout = '2s'"))
        assert new_calculations.insert_queued(gateway, [there, new], "request") == {new.id}
        rows = [New(calculation, None, "request") for calculation in (there, newer)]
        assert set(new_calculations.insert_new(rows).on(gateway)) == {newer.id}


def insert_batch(connection, calculations):
    return new_calculations.insert_queued(connection, calculations, "request")


def insert_singles(connection, calculations):
    new = [New(calculation, None, "request") for calculation in calculations]
    return set(new_calculations.insert_new(new).on(connection))


@pytest.mark.parametrize("insert", [insert_batch, insert_singles])
def test_of_two_who_insert_the_same_at_once_one_does(engine, insert):
    same, new = (make_calculation(arguments={"n": n}) for n in (1, 2))

    def second():
        with engine.begin() as connection:
            return insert(connection, [same, new])

    with ThreadPoolExecutor(1) as other, engine.connect() as first:
        assert insert(first, [same]) == {same.id}
        waiting = other.submit(second)
        eventually(lambda: waits_for_a_lock(engine))
        first.commit()
        assert waiting.result(30) == {new.id}


@pytest.mark.parametrize("insert", [insert_batch, insert_singles])
def test_batches_that_overlap_do_not_deadlock(engine, insert):
    """They insert in the order of their ids, whichever order they came in."""
    made = [make_calculation(arguments={"n": n}) for n in range(50)]
    with engine.begin() as connection:
        insert(connection, made)
        inserted = connection.execute(text("SELECT id FROM calculations ORDER BY ctid"))
        assert inserted.scalars().all() == sorted(one.id for one in made)


@pytest.mark.parametrize("result", [None, make_result(), make_result(digits=None)])
@pytest.mark.parametrize("lane", Lane)
def test_the_row_of_a_new_one_is_what_a_look_finds(connection, result, lane):
    calculation = make_calculation(lane=lane)
    row = new_calculations.insert_new([New(calculation, result, "a")]).on(connection)[
        calculation.id
    ]
    assert row == row_of(connection, calculation)
    assert row.status == ("queued" if result is None else "succeeded")
    assert row.lane == lane
    assert (row.result_attempt == 1) is (result is not None and result.value is None)
    assert stored(connection, calculation, "request_id") == "a"
    # What has its result is nothing for the relay.
    assert len(outbox.take_due(lane, 9).on(connection)) == (result is None)


def test_a_batch_keeps_what_belongs_to_each(connection):
    lanes = {1: Lane.QUICK, 2: Lane.HEAVY, 3: Lane.QUICK}
    made = {n: make_calculation(arguments={"n": n}, lane=lane) for n, lane in lanes.items()}
    new_calculations.insert_queued(connection, list(made.values()), "request")
    for n, calculation in made.items():
        row = row_of(connection, calculation)
        assert (row.arguments, row.lane, row.status) == ({"n": n}, lanes[n], "queued")
        assert row.estimate_seconds == calculation.estimate.seconds
        assert row.estimate_digits == calculation.estimate.digits
        assert row.estimate_bytes == calculation.estimate.bytes


def test_integers_beyond_double_precision_come_back_exactly(connection):
    calculation = queue(connection, n=2**53 + 1)
    row = row_of(connection, calculation)
    assert row.arguments == {"n": 2**53 + 1}


def test_a_look_finds_those_of_the_ids_that_exist(connection):
    first, second, _ = (queue(connection, n=n) for n in (1, 2, 3))
    cancel(connection, second)
    ids = [second.id, uuid4(), first.id]
    found = calculations.find_calculations(ids).on(connection)
    assert {row.id: row.status for row in found} == {
        first.id: "queued",
        second.id: "cancelled",
    }
    assert calculations.find_statuses(connection, ids) == {
        first.id: "queued",
        second.id: "cancelled",
    }


def test_a_queued_document_is_complete(connection):
    calculation = queue(connection)
    shown = document(row_of(connection, calculation))
    assert shown["status"] == "queued"
    assert shown["result"] is None
    assert shown["error"] is None
    assert shown["created_at"].endswith("Z")
    assert shown["estimate"]["digits"] == 209


def results_of(*made):
    """Return the same short result for each of these calculations."""
    return {one.id: make_result() for one in made}


def test_a_quick_result_is_written_once_and_only_over_queued(connection):
    calculation, cancelled = queue(connection, n=1), queue(connection, n=2)
    running = queue(connection, n=3, lane=Lane.HEAVY)
    cancel(connection, cancelled)
    claim(connection, running)
    done = results_of(calculation, cancelled, running)
    assert quick.finish_quick_succeeded(connection, done) == quick.Written({calculation.id}, None)
    before = row_of(connection, calculation)
    assert quick.finish_quick_succeeded(connection, done) == quick.Written(set(), None)
    assert row_of(connection, calculation) == before
    assert [status_of(connection, one) for one in (cancelled, running)] == ["cancelled", "running"]


def test_quick_results_are_written_each_to_its_own_calculation(connection):
    _, long, longer = made = [queue(connection, n=n) for n in (1, 2, 3)]
    change(connection, long, "attempt = 4, attempt_base = 4")
    all_digits = ["42", "3" * (2 * CHUNK_DIGITS), "4" * (CHUNK_DIGITS + 1)]
    quick.finish_quick_succeeded(
        connection,
        {one.id: Result.of(digits, 0.25) for one, digits in zip(made, all_digits, strict=True)},
    )
    rows = [row_of(connection, one) for one in made]
    assert [row.result_digits for row in rows] == [len(digits) for digits in all_digits]
    assert [row.result_value for row in rows] == ["42", None, None]
    assert [row.result_attempt for row in rows] == [None, 5, 1]
    assert [row.attempt for row in rows] == [1, 5, 1]
    assert {(row.status, row.progress, row.compute_seconds) for row in rows} == {
        ("succeeded", 1, 0.25)
    }
    for one in made:
        assert stored(connection, one, "finished_at - started_at") == timedelta(seconds=0.25)
    for one, attempt, digits in ((long, 5, all_digits[1]), (longer, 1, all_digits[2])):
        chunks = [find_chunk(connection, one.id, attempt, ordinal) for ordinal in range(3)]
        assert "".join(chunk for chunk in chunks if chunk) == digits
        assert chunks[0] is not None
        assert len(chunks[0]) == CHUNK_DIGITS


def test_what_a_batch_wrote_is_told_with_the_latest_of_its_messages(connection):
    made = [queue(connection, n=n) for n in (1, 2, 3)]
    for calculation, age in zip(made, (30, 10, 20), strict=True):
        change(connection, calculation, f"published_at = now() - interval '{age}s'")
    latest = stored(connection, made[1], "published_at")
    written = quick.finish_quick_succeeded(connection, results_of(*made))
    assert written == quick.Written({one.id for one in made}, latest)


def test_a_quick_failure_keeps_its_reason(connection):
    calculation, running = queue(connection), queue(connection, n=2, lane=Lane.HEAVY)
    claim(connection, running)
    error = failure_json("function-failed", "It raised ValueError.")
    written = quick.finish_quick_failed(
        connection, dict.fromkeys((calculation.id, running.id), error)
    )
    assert written.ids == {calculation.id}
    row = row_of(connection, calculation)
    assert (row.status, row.attempt) == ("failed", 1)
    assert row.started_at == row.finished_at
    assert row.error["detail"] == "It raised ValueError."
    assert status_of(connection, running) == "running"


def test_only_what_is_queued_in_the_quick_lane_moves_to_the_other(connection):
    waiting, done, heavy = (
        queue(connection, n=n, lane=lane)
        for n, lane in ((1, Lane.QUICK), (2, Lane.QUICK), (3, Lane.HEAVY))
    )
    outbox.take_due(Lane.QUICK, 9).on(connection)
    change(connection, waiting, "not_before = now() - interval '1h'")
    quick.finish_quick_succeeded(connection, results_of(done))
    ids = [one.id for one in (waiting, done, heavy)]
    assert quick.move_to_heavy(connection, ids) == {waiting.id}
    # At the end of the queue, and unpublished.
    taken = [due.work.calculation_id for due in outbox.take_due(Lane.HEAVY, 9).on(connection)]
    assert set(taken) == {waiting.id, heavy.id}
    assert stored(connection, waiting, "now() = not_before")
