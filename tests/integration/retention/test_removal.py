"""Results are removed oldest first, in small steps, and nothing else is."""

import itertools

import pytest
from sqlalchemy import text

from shared.calculation import Lane
from shared.result import CHUNK_BYTES
from shared.retention.pace import Pace
from shared.retention.removal import Removal
from shared.retention.steps import STEP_CHUNKS
from shared.store.calculations import requeue_ended
from shared.store.new_calculations import insert_queued
from shared.store.quick import finish_quick_succeeded
from shared.store.retention.candidates import Selection, find_cutoff, list_candidates
from shared.store.retention.counting import discard_counts
from shared.store.retention.removal import forget_calculations, prune_results
from tests.factories import make_calculation, make_result
from tests.integration.results import store_result
from tests.integration.retention.finished import (
    AT_ONCE,
    DAY,
    HOUR,
    count_now,
    count_rows,
    finish,
    ignore,
    insert_chunks,
    present,
    pruned,
    remove,
    sums,
    truth,
)
from tests.integration.rows import change, prune_result, row_of


def test_what_is_older_is_removed_and_its_document_stays(engine):
    old = finish(engine, 700, age_seconds=9 * DAY, over_seconds=HOUR)
    young = finish(engine, 5, age_seconds=7 * DAY - 60)
    count_now(engine)
    removed = remove(engine, older_than_seconds=7 * DAY)
    assert (removed.results, removed.bytes, removed.documents) == (700, 7_000, 0)
    assert pruned(engine, old) == [True] * 700
    assert pruned(engine, young) == [False] * 5
    assert sums(engine) == truth(engine) == (5, 50)
    assert not any(remove(engine, older_than_seconds=7 * DAY))


def test_what_is_to_be_counted_anew_is_not_removed(engine):
    """After the clock was set back. Its bytes would be subtracted from sums without them."""
    ids = finish(engine, 3)
    count_now(engine)
    with engine.begin() as connection:
        until = find_cutoff(connection, 0)
        assert until is not None
        discard_counts(connection)
        assert prune_results(connection, ids, until).results == 0
        assert forget_calculations(connection, ids, until).documents == 0
    assert pruned(engine, ids) == [False] * 3


def test_of_too_many_bytes_the_oldest_go(engine):
    first = finish(engine, 3, age_seconds=3 * DAY, size=100)
    second = finish(engine, 10, age_seconds=2 * DAY, over_seconds=100, size=100)
    count_now(engine)
    removed = remove(engine, excess_bytes=650)
    assert removed.bytes == 700  # as few as are enough
    assert pruned(engine, [*first, *second]) == [True] * 7 + [False] * 6
    assert sums(engine) == truth(engine)
    assert remove(engine, excess_bytes=100).bytes == 100
    assert pruned(engine, second) == [True] * 5 + [False] * 5


def test_what_is_not_counted_is_not_removed(engine):
    counted = finish(engine, 2, age_seconds=DAY)
    new = finish(engine, 2, age_seconds=60)
    count_now(engine)
    remove(engine, excess_bytes=10**12)
    assert pruned(engine, [*counted, *new]) == [True, True, False, False]
    assert truth(engine) == (2, 20)


@pytest.mark.parametrize(
    ("condition", "gone"),
    [
        ({"function": "factorial"}, [False, False, True]),
        ({"larger_than_bytes": 10}, [False, True, False]),
        ({"larger_than_bytes": 9, "function": "fibonacci"}, [True, True, False]),
        ({"larger_than_bytes": 11, "function": "factorial"}, [False, False, False]),
    ],
)
def test_conditions_select_what_goes(engine, condition, gone):
    ids = [
        *finish(engine, size=10),
        *finish(engine, size=11),
        *finish(engine, size=10, function="factorial"),
    ]
    count_now(engine)
    assert remove(engine, **condition).results == sum(gone)
    assert pruned(engine, ids) == gone
    assert sums(engine) == truth(engine)


def test_chunks_go_in_small_transactions_and_those_of_others_stay(engine):
    """A long result is unavailable from the first step on."""
    long = finish(engine, age_seconds=3 * DAY, size=3 * STEP_CHUNKS * CHUNK_BYTES - 5)
    several = finish(engine, 30, age_seconds=2 * DAY, size=3 * CHUNK_BYTES)
    kept = finish(engine, age_seconds=60, size=CHUNK_BYTES + 1)
    count_now(engine)
    most = 0
    counts = [count_rows(engine, "result_chunks")]

    def look(_seconds):
        nonlocal most
        counts.append(count_rows(engine, "result_chunks"))
        if counts[-1] < counts[0]:
            assert pruned(engine, long) == [True]
        most = max(most, counts[-2] - counts[-1])

    removed = remove(engine, pace=Pace(look, lambda: False))
    assert removed.results == 31
    assert pruned(engine, several) == [True] * 30
    assert pruned(engine, kept) == [False]
    assert count_rows(engine, "result_chunks") == 2
    assert 0 < most <= STEP_CHUNKS
    assert sums(engine) == (0, 0)


def test_an_interrupted_removal_is_continued(engine):
    """Also of a long result, whose remaining chunks the rescue deletes as well."""
    finish(engine, 1_200, age_seconds=2 * DAY, over_seconds=5 * HOUR)
    finish(engine, age_seconds=DAY, size=2 * STEP_CHUNKS * CHUNK_BYTES)
    count_now(engine)
    rounds = 0
    while truth(engine) != (0, 0):
        rounds += 1
        remove(engine, pace=Pace(ignore, after(16)))
        assert sums(engine) == truth(engine)
    assert rounds > 1
    assert count_rows(engine, "lost_attempts") == 1


def after(times):
    """Return what says true once it has been asked so often."""
    asked = itertools.count(1)
    return lambda: next(asked) > times


def test_a_removal_that_goes_on_does_not_read_again_what_is_gone(engine, monkeypatch):
    finish(engine, 100, age_seconds=DAY, over_seconds=60)
    count_now(engine)
    with engine.begin() as connection:
        until = find_cutoff(connection, 0)
    assert until is not None
    removal = Removal(engine, AT_ONCE, ignore)
    removal.remove(Selection(until), 500)
    begun = []
    listing = list_candidates

    def listed(connection, selection, after, *rest):
        begun.append(after.moment)
        return listing(connection, selection, after, *rest)

    monkeypatch.setattr("shared.retention.steps.list_candidates", listed)
    assert removal.remove(Selection(until), 500).results == 50
    with engine.begin() as connection:
        oldest = connection.execute(text("SELECT min(finished_at) FROM calculations")).scalar_one()
    assert oldest < begun[0]
    assert sums(engine) == (0, 0)


def test_rows_that_others_have_locked_are_skipped_and_go_the_next_time(engine):
    ids = finish(engine, 3)
    count_now(engine)
    with engine.begin() as other:
        other.execute(text("SELECT FROM calculations WHERE id = :id FOR UPDATE"), {"id": ids[1]})
        assert remove(engine).results == 2
        assert sums(engine) == (1, 10)
    assert remove(engine).results == 1
    assert sums(engine) == (0, 0)


def test_many_that_finished_at_once_are_removed_page_by_page(engine, monkeypatch):
    monkeypatch.setattr("shared.retention.steps._PAGE", 50)
    finish(engine, 120, age_seconds=DAY)
    finish(engine, 120, age_seconds=DAY - 60, over_seconds=10)
    count_now(engine)
    assert remove(engine).results == 240


@pytest.mark.parametrize("forget", [False, True])
def test_one_that_is_computed_again_meanwhile_is_new(engine, monkeypatch, forget):
    """It was listed as old, and must not be removed as such."""
    calculation, computed = store_result(engine, {"n": 1_000})
    with engine.begin() as connection:
        change(connection, calculation, "finished_at = now() - interval '1 day'")
    count_now(engine)

    def compute_again(*arguments):
        listed = list_candidates(*arguments)
        if listed:
            with engine.begin() as connection:
                assert prune_result(connection, calculation.id)
                requeue_ended(connection, [calculation], "request")
                finish_quick_succeeded(connection, {calculation.id: computed})
        return listed

    monkeypatch.setattr("shared.retention.steps.list_candidates", compute_again)
    assert sums(engine)[0] == 1
    assert not any(remove(engine, forget=forget))
    assert sums(engine)[0] == 0
    with engine.begin() as connection:
        assert row_of(connection, calculation).has_result


def test_one_that_was_removed_and_computed_again_counts_anew(engine):
    calculation, computed = store_result(engine, {"n": 1_000})
    with engine.begin() as connection:
        change(connection, calculation, "finished_at = now() - interval '1 day'")
    count_now(engine)
    assert remove(engine).results == 1
    with engine.begin() as connection:
        assert requeue_ended(connection, [calculation], "request")
        finish_quick_succeeded(connection, {calculation.id: computed})
    assert not any(remove(engine))
    assert sums(engine) == (0, 0)
    count_now(engine, grace_seconds=0)
    assert sums(engine) == truth(engine) == (1, computed.length)
    assert remove(engine).results == 1


def test_unfinished_calculations_are_left_alone(engine):
    calculation = make_calculation(arguments={"n": 5}, lane=Lane.HEAVY)
    with engine.begin() as connection:
        insert_queued(connection, [calculation], "request")
    finish(engine)
    count_now(engine)
    remove(engine, forget=True)
    assert count_rows(engine, "calculations") == 1
    with engine.begin() as connection:
        finish_quick_succeeded(connection, {calculation.id: make_result()})
        assert row_of(connection, calculation).has_result


def test_sums_that_somebody_else_made_wrong_are_corrected_where_nothing_is_left(engine):
    ids = finish(engine, 5, age_seconds=2 * DAY)
    count_now(engine)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM calculations WHERE id = :id"), {"id": ids[0]})
    assert remove(engine).results == 4
    assert sums(engine) == (0, 0)


def test_with_documents_all_that_is_final_goes(engine):
    ids = [
        *finish(engine, 600),
        *finish(engine, 2, size=2 * CHUNK_BYTES),
        *finish(engine, 2, status="failed"),
        *finish(engine, 2, status="cancelled"),
    ]
    young = finish(engine, age_seconds=60, status="failed")
    count_now(engine)
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO lost_attempts (calculation_id, attempt) VALUES (:id, 1)"),
            {"id": ids[-1]},
        )
        connection.execute(
            text("INSERT INTO handed_back (calculation_id) VALUES (:id)"), {"id": ids[-1]}
        )
    removed = remove(engine, forget=True)
    assert (removed.documents, removed.results) == (606, 602)
    assert not any(present(engine, ids))
    assert present(engine, young) == [True]
    for table in ("result_chunks", "lost_attempts", "handed_back", "stored_results"):
        assert count_rows(engine, table) == 0
    assert not any(remove(engine, forget=True))


def test_documents_of_results_that_were_removed_before_go_too(engine):
    ids = finish(engine, 3)
    count_now(engine)
    remove(engine)
    removed = remove(engine, forget=True)
    assert (removed.documents, removed.results, removed.bytes) == (3, 0, 0)
    assert not any(present(engine, ids))


def test_documents_without_a_result_take_nothing_from_the_sums(engine):
    finish(engine, 3)
    finish(engine, 2, function="factorial")
    finish(engine, 2, function="factorial", status="failed")
    count_now(engine)
    remove(engine, function="factorial")
    assert sums(engine) == (3, 30)
    assert remove(engine, function="factorial", forget=True).documents == 4
    assert sums(engine) == truth(engine) == (3, 30)


def test_a_document_whose_chunks_are_still_there_waits_for_them(engine):
    """Otherwise they would all be deleted with it, in one transaction."""
    (identity,) = finish(engine, status="failed")
    with engine.begin() as connection:
        insert_chunks(connection, identity, 1, 10 * CHUNK_BYTES)
    count_now(engine)
    assert not any(remove(engine, forget=True))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM result_chunks"))
    assert remove(engine, forget=True).documents == 1


def test_a_long_result_and_its_document_go_in_small_transactions(engine):
    (identity,) = finish(engine, size=2 * STEP_CHUNKS * CHUNK_BYTES)
    count_now(engine)
    counts = [2 * STEP_CHUNKS]

    def look(_seconds):
        counts.append(count_rows(engine, "result_chunks"))

    removed = remove(engine, forget=True, pace=Pace(look, lambda: False))
    assert (removed.documents, removed.results) == (1, 1)
    assert max(a - b for a, b in itertools.pairwise(counts)) == STEP_CHUNKS
    assert present(engine, [identity]) == [False]
    assert count_rows(engine, "lost_attempts") == 0


def test_with_documents_what_finished_before_the_oldest_that_stays_goes(engine):
    ids = [
        *finish(engine, age_seconds=4 * DAY, status="failed"),
        *finish(engine, age_seconds=3 * DAY, size=100),
        *finish(engine, age_seconds=2 * DAY, status="cancelled"),
        *finish(engine, age_seconds=DAY, size=100),
    ]
    count_now(engine)
    remove(engine, forget=True, excess_bytes=50)
    assert present(engine, ids) == [False, False, True, True]
