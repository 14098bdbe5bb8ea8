"""Results of quick workers, written in batches."""

from datetime import timedelta

from reckoner.authoring.results.kinds import ResultKind
from shared.calculation import Lane
from shared.failures import failure_json
from shared.result import CHUNK_BYTES, Result
from shared.store import quick
from shared.store.outbox import heavy_outbox, outbox
from shared.store.results.chunks import find_chunk
from tests.factories import make_result
from tests.integration.rows import (
    cancel,
    change,
    claim,
    queue,
    row_of,
    status_of,
    stored,
)


def results_of(*made):
    """Return the same short result for each of these calculations."""
    return {one.id: make_result() for one in made}


def test_a_quick_result_is_stored_once_and_only_if_queued(connection):
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


def test_each_quick_result_is_stored_with_its_calculation(connection):
    _, long, longer = made = [queue(connection, n=n) for n in (1, 2, 3)]
    change(connection, long, "attempt = 4, attempt_base = 4")
    all_digits = ["42", "3" * (2 * CHUNK_BYTES), "4" * (CHUNK_BYTES + 1)]
    quick.finish_quick_succeeded(
        connection,
        {
            one.id: Result.of(ResultKind.DIGITS, digits.encode(), 0.25)
            for one, digits in zip(made, all_digits, strict=True)
        },
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
        assert b"".join(chunk for chunk in chunks if chunk) == digits.encode()
        assert chunks[0] is not None
        assert len(chunks[0]) == CHUNK_BYTES


def test_a_batch_returns_when_the_latest_of_its_messages_was_published(connection):
    made = [queue(connection, n=n) for n in (1, 2, 3)]
    for calculation, age in zip(made, (30, 10, 20), strict=True):
        change(connection, calculation, f"published_at = now() - interval '{age}s'")
    latest = stored(connection, made[1], "published_at")
    written = quick.finish_quick_succeeded(connection, results_of(*made))
    assert written == quick.Written({one.id for one in made}, latest)


def test_a_quick_failure_is_stored_with_its_reason(connection):
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


def test_only_queued_quick_calculations_move_to_the_heavy_lane(connection):
    waiting, done, heavy = (
        queue(connection, n=n, lane=lane)
        for n, lane in ((1, Lane.QUICK), (2, Lane.QUICK), (3, Lane.HEAVY))
    )
    outbox.take_due(9).on(connection)
    change(connection, waiting, "not_before = now() - interval '1h'")
    quick.finish_quick_succeeded(connection, results_of(done))
    ids = [one.id for one in (waiting, done, heavy)]
    assert quick.move_to_heavy(connection, ids) == {waiting.id}
    # At the end of the queue, and unpublished.
    taken = [due.work.calculation_id for due in heavy_outbox.take_heavy(9).on(connection).due]
    assert set(taken) == {waiting.id, heavy.id}
    assert stored(connection, waiting, "now() = not_before")
