"""The statements: each names the state that it expects, and touches nothing else."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.calculation import Lane, Status, document
from shared.failures import CANCELLED_JSON, failure_json
from shared.store import (
    calculations,
    leases,
    listing,
    new_calculations,
    outbox,
    quick,
    results,
    system,
    workers,
)
from shared.store.new_calculations import New
from tests.factories import make_calculation, make_result
from tests.integration.rows import WORKER, claim, queue, row_of, status_of


def test_what_is_inserted_twice_is_there_once(connection):
    calculation = make_calculation()
    assert new_calculations.insert_queued(connection, [calculation], "a") == {calculation.id}
    assert new_calculations.insert_queued(connection, [calculation], "b") == set()
    assert new_calculations.insert_new([New(calculation, None, "c")]).on(connection) == {}


@pytest.mark.parametrize("result", [None, make_result(), make_result(value=None)])
def test_the_row_of_a_new_one_is_what_a_look_finds(connection, result):
    calculation = make_calculation()
    row = new_calculations.insert_new([New(calculation, result, "a")]).on(connection)[
        calculation.id
    ]
    assert row == row_of(connection, calculation)


def test_integers_beyond_double_precision_come_back_exactly(connection):
    calculation = queue(connection, n=2**53 + 1)
    row = row_of(connection, calculation)
    assert row["arguments"] == {"n": 2**53 + 1}


def test_a_queued_document_is_complete(connection):
    calculation = queue(connection)
    shown = document(row_of(connection, calculation))
    assert shown["status"] == "queued"
    assert shown["result"] is None
    assert shown["error"] is None
    assert shown["created_at"].endswith("Z")
    assert shown["estimate"]["digits"] == 209


def test_the_outbox_gives_each_row_to_one_relay(engine, connection):
    queue(connection)
    connection.commit()
    with engine.begin() as first, engine.begin() as second:
        assert len(outbox.take_due(Lane.QUICK, 10).on(first)) == 1
        assert outbox.take_due(Lane.QUICK, 10).on(second) == []


def test_what_was_published_leaves_the_outbox(connection):
    calculation = queue(connection)
    (due,) = outbox.take_due(Lane.QUICK, 10).on(connection)
    work = due.work
    assert (work.calculation_id, work.arguments) == (calculation.id, {"n": 1_000})
    assert outbox.take_due(Lane.HEAVY, 10).on(connection) == []
    assert work.request_id == "request"
    assert outbox.take_due(Lane.QUICK, 10).on(connection) == []
    assert outbox.seconds_to_next(connection) == {}


def test_cancelling_depends_on_the_status(connection):
    queued, running, done = (queue(connection, n=n, lane=Lane.HEAVY) for n in (1, 2, 3))
    claim(connection, running)
    leases.finish_succeeded(connection, claim(connection, done), make_result(), worker_id=WORKER)
    cancel = calculations.cancel_calculation
    assert cancel(connection, queued.id, CANCELLED_JSON) is not None
    assert cancel(connection, running.id, CANCELLED_JSON) is not None
    assert cancel(connection, done.id, CANCELLED_JSON) is None
    assert status_of(connection, queued) == "cancelled"
    asked = row_of(connection, running)
    assert (asked["status"], asked["cancel_requested"]) == ("running", True)


def test_a_quick_result_is_written_once_and_only_over_queued(connection):
    calculation, cancelled = queue(connection, n=1), queue(connection, n=2)
    calculations.cancel_calculation(connection, cancelled.id, CANCELLED_JSON)
    done = [quick.QuickSuccess(one.id, make_result(), "42") for one in (calculation, cancelled)]
    assert quick.finish_quick_succeeded(connection, done) == quick.Written({calculation.id}, None)
    assert quick.finish_quick_succeeded(connection, done) == quick.Written(set(), None)
    assert status_of(connection, cancelled) == "cancelled"


def test_a_quick_failure_keeps_its_reason(connection):
    calculation = queue(connection)
    error = failure_json("function-failed", "It raised ValueError.")
    written = quick.finish_quick_failed(connection, {calculation.id: error})
    assert written.ids == {calculation.id}
    row = row_of(connection, calculation)
    assert row["error"]["detail"] == "It raised ValueError."


def test_only_messages_missing_for_long_are_published_again(connection):
    calculation = queue(connection)
    outbox.take_due(Lane.QUICK, 10).on(connection)
    assert (
        outbox.return_lost(
            connection, Lane.QUICK, queue_is_empty=True, older_than_seconds=60, limit=9
        )
        == set()
    )
    connection.execute(text("UPDATE calculations SET published_at = now() - interval '61s'"))
    assert outbox.oldest_waiting_seconds(connection, Lane.QUICK) >= 61
    assert outbox.oldest_waiting_seconds(connection, Lane.HEAVY) == 0
    assert (
        outbox.return_lost(
            connection, Lane.HEAVY, queue_is_empty=True, older_than_seconds=60, limit=9
        )
        == set()
    )
    lost = outbox.return_lost(
        connection, Lane.QUICK, queue_is_empty=True, older_than_seconds=60, limit=9
    )
    assert lost == {calculation.id}


def test_a_pruned_result_keeps_its_document(connection):
    calculation = make_calculation()
    new_calculations.insert_new([New(calculation, make_result(), "request")]).on(connection)
    assert results.prune_result(connection, calculation.id)
    assert not results.prune_result(connection, calculation.id)
    row = row_of(connection, calculation)
    assert (row["status"], row["result_digits"], row["result_value"]) == ("succeeded", 2, None)
    assert row["result_pruned_at"] is not None


def test_the_list_is_served_by_its_index_however_it_is_narrowed(connection):
    for n in range(30):
        queue(connection, n=n)
        connection.execute(
            text("UPDATE calculations SET created_at = created_at + make_interval(secs => :n)"),
            {"n": 1},
        )
    page = listing.list_calculations(
        connection, status=Status.QUEUED, function="fibonacci", before=None, limit=10
    )
    position = (page[-1]["created_at"], page[-1]["id"])
    following = listing.list_calculations(
        connection, status=None, function=None, before=position, limit=30
    )
    assert [row["arguments"]["n"] for row in page + following] != []
    assert len({row["id"] for row in page + following}) == 30
    oldest = following[-1]["created_at"] - timedelta(seconds=1)
    assert (
        listing.list_calculations(
            connection, status=None, function=None, before=(oldest, uuid4()), limit=1
        )
        == []
    )


def test_workers_are_listed_with_what_they_run_until_they_fall_silent(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    workers.upsert_worker(connection, WORKER, host="h", pid=1, lane=Lane.HEAVY, slots=2)
    claim(connection, calculation)
    (listed,) = workers.list_workers(connection, 15)
    assert (listed["slots"], listed["running"]) == (2, [str(calculation.id)])
    connection.execute(text("UPDATE workers SET seen_at = now() - interval '1h'"))
    assert workers.list_workers(connection, 15) == []
    workers.delete_silent_workers(connection, 60)
    assert connection.execute(text("SELECT count(*) FROM workers")).scalar_one() == 0


def test_the_system_counts_what_waits_and_what_was_done(connection):
    queue(connection, n=1)
    queue(connection, n=2, lane=Lane.HEAVY)
    done = make_calculation(arguments={"n": 3})
    new_calculations.insert_new([New(done, make_result(), "request")]).on(connection)
    lanes = {row["lane"]: row["queued"] for row in system.count_lanes(connection)}
    assert lanes == {"quick": 1, "heavy": 1}
    assert system.measure_outbox(connection)["depth"] == 2
    assert system.count_finished_last_minute(connection) == {"succeeded": 1}


def test_a_message_that_the_queue_has_passed_is_lost_and_a_waiting_one_is_not(connection):
    old, new = queue(connection, n=1), queue(connection, n=2)
    for calculation, minutes in ((old, 10), (new, 5)):
        connection.execute(
            text(
                "UPDATE calculations SET published_at = now() - make_interval(mins => :m)"
                " WHERE id = :id"
            ),
            {"id": calculation.id, "m": minutes},
        )

    def look(lane):
        return outbox.return_lost(
            connection, lane, queue_is_empty=False, older_than_seconds=60, limit=9
        )

    assert look(Lane.QUICK) == set()
    consumed = connection.execute(text("SELECT now() - interval '7 minutes'")).scalar_one()
    workers.upsert_worker(
        connection,
        WORKER,
        host="h",
        pid=1,
        lane=Lane.QUICK,
        slots=1,
        consumed_published_at=consumed,
    )
    assert look(Lane.HEAVY) == set()
    assert look(Lane.QUICK) == {old.id}
