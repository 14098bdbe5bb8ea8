"""Chunks of long results: stored before the result, found and pruned."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import IntegrityError

from reckoner.authoring.results.kinds import ResultKind
from shared.calculation import Lane
from shared.errors import StoreUnavailable
from shared.result import CHUNK_BYTES, ROW_BYTES, Result
from shared.store import attempts, new_calculations
from shared.store.new_calculations import New
from shared.store.results import chunks
from tests.eventually import eventually
from tests.factories import make_calculation, make_result
from tests.integration.rows import WORKER, claim, prune_result, queue, row_of, waits_for_a_lock

MINE = {"worker_id": WORKER}
DIGITS = ResultKind.DIGITS


def found(connection, calculation, attempt, ordinals):
    return [chunks.find_chunk(connection, calculation.id, attempt, ordinal) for ordinal in ordinals]


def test_chunks_that_are_stored_again_are_there_once(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    claimed = claim(connection, calculation)
    for stored in ([b"12", b"34"], [b"12", b"34"], [b"12", b"56", b"7"]):
        assert chunks.insert_claimed_chunks(connection, claimed, DIGITS, 5, stored, **MINE)
    assert found(connection, calculation, 1, range(4, 9)) == [None, b"12", b"56", b"7", None]


def test_storing_chunks_again_leaves_neighbouring_chunks_alone(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    claimed = claim(connection, calculation)
    digits = [b"0", b"1", b"2", b"3"]
    chunks.insert_claimed_chunks(connection, claimed, DIGITS, 0, digits, **MINE)
    chunks.insert_claimed_chunks(connection, claimed, DIGITS, 1, [b"7", b"8"], **MINE)
    assert found(connection, calculation, 1, range(5)) == [b"0", b"7", b"8", b"3", None]


def test_no_chunks_are_stored_under_a_lost_claim(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    claimed = claim(connection, calculation)
    attempts.release_calculation(connection, claimed, **MINE)
    assert not chunks.insert_claimed_chunks(connection, claimed, DIGITS, 0, [b"1"], **MINE)
    claim(connection, calculation)
    assert not chunks.insert_claimed_chunks(connection, claimed, DIGITS, 0, [b"1"], **MINE)
    assert found(connection, calculation, 1, [0]) == [None]


def test_errors_of_copy_are_raised_like_those_of_statements(engine):
    calculation = make_calculation(lane=Lane.HEAVY)
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, [calculation], "request")
        claimed = claim(connection, calculation)
    with pytest.raises(IntegrityError), engine.begin() as connection:
        chunks.insert_claimed_chunks(
            connection, claimed, DIGITS, 0, [b"1" * (CHUNK_BYTES + 1)], **MINE
        )


def test_chunks_that_another_transaction_has_just_stored_are_an_outage(engine):
    calculation = make_calculation(lane=Lane.HEAVY)
    with engine.begin() as connection:
        new_calculations.insert_queued(connection, [calculation], "request")
        claimed = claim(connection, calculation)

    def store(connection):
        return chunks.insert_claimed_chunks(connection, claimed, DIGITS, 0, [b"12"], **MINE)

    def second():
        with engine.begin() as connection:
            store(connection)

    with ThreadPoolExecutor(1) as other, engine.connect() as first:
        store(first)
        waiting = other.submit(second)
        eventually(lambda: waits_for_a_lock(engine))
        first.commit()
        with pytest.raises(StoreUnavailable):
            waiting.result()
    with engine.begin() as connection:
        assert store(connection)


@pytest.mark.parametrize("length", [ROW_BYTES + 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1])
def test_all_digits_of_a_result_are_cut_into_full_chunks(connection, length):
    calculation = make_calculation()
    digits = ("1234567" * (length // 7 + 1))[:length]
    result = Result.of(DIGITS, digits.encode(), 0.25)
    new_calculations.insert_new([New(calculation, result, "request")]).on(connection)
    chunks.insert_chunks(connection, calculation.id, 1, result)
    stored = [chunk for chunk in found(connection, calculation, 1, range(3)) if chunk]
    assert b"".join(stored) == digits.encode()
    assert [len(chunk) for chunk in stored[:-1]] == [CHUNK_BYTES] * (len(stored) - 1)


def test_a_pruned_result_keeps_its_document_and_loses_its_digits(connection):
    short, long, neighbour = (make_calculation(arguments={"n": n}) for n in (1, 2, 3))
    in_row, in_chunks = make_result(), make_result(length=10_000)
    made = [(short, in_row), (long, in_chunks), (neighbour, in_chunks)]
    new = [New(calculation, result, "request") for calculation, result in made]
    new_calculations.insert_new(new).on(connection)
    for calculation in (long, neighbour):
        chunks.insert_chunks(connection, calculation.id, 1, in_chunks)
    for calculation, result in made[:2]:
        assert prune_result(connection, calculation.id)
        assert not prune_result(connection, calculation.id)
        row = row_of(connection, calculation)
        assert (row.status, row.result_digits, row.result_value) == (
            "succeeded",
            result.length,
            None,
        )
        assert row.result_pruned_at is not None
    assert found(connection, long, 1, [0]) == [None]
    assert found(connection, neighbour, 1, [0]) == [b"42"]


def test_only_a_result_can_be_pruned(connection):
    queued, running = (queue(connection, n=n, lane=Lane.HEAVY) for n in (1, 2))
    claim(connection, running)
    for calculation in (queued, running):
        before = row_of(connection, calculation)
        assert not prune_result(connection, calculation.id)
        assert row_of(connection, calculation) == before
