"""Results of every kind and length, by each of the ways in which results are stored."""

import random

import pytest

from reckoner.authoring.results.kinds import ResultKind
from shared.calculation import Lane
from shared.result import CHUNK_BYTES, ROW_BYTES, Result
from shared.store import attempts, calculations, new_calculations, quick
from shared.store.new_calculations import New
from shared.store.results import chunks
from tests.factories import make_calculation
from tests.integration.rows import WORKER, change, claim, prune_result, queue, row_of

#: Zero bytes, the longest in a row, the shortest in chunks, one whole chunk, and one more byte.
LENGTHS = [0, 1, ROW_BYTES, ROW_BYTES + 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 1]

ALPHABETS = {
    ResultKind.DIGITS: b"123456789",
    # Characters of several bytes, a NUL, and what statements escape.
    ResultKind.TEXT: "aé€😀'\\\"\n\0".encode(),
    ResultKind.JSON: rb'["a\u0000",',
    ResultKind.BYTES: bytes(range(256)),
}


def make_bytes(kind, length):
    alphabet = ALPHABETS[kind]
    if kind is ResultKind.TEXT:  # in its order, so that it is UTF-8, but for the end
        return (
            (alphabet * (length // len(alphabet) + 1))[:length].decode("utf-8", "ignore").encode()
        )
    return bytes(random.Random(length).choices(alphabet, k=length))


def make_result(kind, data):
    media_type = "image/png" if kind is ResultKind.BYTES else None
    return Result.of(kind, data, 0.25, media_type=media_type, check="check")


def store_by_quick_worker(connection, result, n=1):
    calculation = queue(connection, n=n)
    quick.finish_quick_succeeded(connection, {calculation.id: result})
    return calculation


def store_inline(connection, result, n=1):
    calculation = make_calculation(arguments={"n": n})
    new = new_calculations.insert_new([New(calculation, result, "request")]).on(connection)
    made, found = new[calculation.id], row_of(connection, calculation)
    assert made._replace(result_bytes=None) == found._replace(result_bytes=None)
    assert made.bytes_in_row == found.bytes_in_row
    if not result.is_in_row:
        chunks.insert_chunks(connection, calculation.id, 1, result)
    return calculation


def store_by_heavy_worker(connection, result, n=1):
    calculation = queue(connection, n=n, lane=Lane.HEAVY)
    claimed = claim(connection, calculation)
    for ordinal, chunk in enumerate(result.chunks()):
        chunks.insert_claimed_chunks(
            connection, claimed, result.kind, ordinal, [chunk], worker_id=WORKER
        )
    attempts.finish_succeeded(connection, claimed, result, worker_id=WORKER)
    return calculation


WAYS = [store_by_quick_worker, store_inline, store_by_heavy_worker]


def stored_bytes(connection, calculation):
    row = row_of(connection, calculation)
    if row.bytes_in_row is not None:
        return row.bytes_in_row
    pieces: list[bytes] = []
    while True:
        found = chunks.find_chunk(connection, row.id, row.result_attempt, len(pieces))
        if found is None:
            return b"".join(pieces)
        pieces.append(found)


@pytest.mark.parametrize("store", WAYS)
@pytest.mark.parametrize("kind", ResultKind)
def test_a_result_of_any_length_comes_back_byte_for_byte(connection, store, kind):
    for length in LENGTHS:
        data = make_bytes(kind, length)
        result = make_result(kind, data)
        calculation = store(connection, result, n=length)
        row = row_of(connection, calculation)
        assert stored_bytes(connection, calculation) == data
        assert (row.kind, row.length, row.check) == (kind, len(data), "check")
        assert (row.result_sha256, row.result_head, row.result_tail, row.result_media_type) == (
            result.sha256,
            result.head,
            result.tail,
            result.media_type,
        )
        assert row.result_digits == (len(data) if kind is ResultKind.DIGITS else None)


@pytest.mark.parametrize("kind", ResultKind)
def test_a_pruned_result_of_another_kind_is_replaced(connection, kind):
    calculation = store_by_quick_worker(connection, make_result(kind, make_bytes(kind, 100)))
    assert prune_result(connection, calculation.id)
    assert row_of(connection, calculation).bytes_in_row is None
    assert calculations.requeue_ended(connection, [calculation], "request")
    assert row_of(connection, calculation).length is None
    other = Result.of(ResultKind.DIGITS, b"42", 0.5)
    quick.finish_quick_succeeded(connection, {calculation.id: other})
    row = row_of(connection, calculation)
    assert (row.kind, row.length, row.check, row.result_media_type) == ("digits", 2, None, None)
    assert stored_bytes(connection, calculation) == b"42"


def test_a_result_of_an_earlier_version_is_digits_with_a_residue(connection):
    calculation = store_by_quick_worker(connection, make_result(ResultKind.DIGITS, b"42"))
    change(connection, calculation, "result_kind = NULL, result_check = NULL")
    row = row_of(connection, calculation)
    assert (row.kind, row.length, row.check) == (ResultKind.DIGITS, 2, "residue")


def test_a_calculation_without_a_result_has_no_check(connection):
    assert row_of(connection, queue(connection)).check is None


def test_the_peak_of_memory_is_stored_until_it_is_computed_again(connection):
    calculation = queue(connection, lane=Lane.HEAVY)
    claimed = claim(connection, calculation)
    result = Result(ResultKind.JSON, 2, "0" * 64, 0.5, peak_bytes=2**40, data=b"{}")
    attempts.finish_succeeded(connection, claimed, result, worker_id=WORKER)
    assert row_of(connection, calculation).peak_bytes == 2**40
    prune_result(connection, calculation.id)
    calculations.requeue_ended(connection, [calculation], "request")
    assert row_of(connection, calculation).peak_bytes is None


def test_a_chunk_is_found_after_the_connection_broke(engine):
    with engine.begin() as connection:
        result = make_result(ResultKind.BYTES, bytes(ROW_BYTES + 1))
        calculation = store_by_quick_worker(connection, result)

    def find():
        with engine.connect() as connection:
            return chunks.find_chunk(connection, calculation.id, 1, 0)

    assert find() == bytes(ROW_BYTES + 1)
    with engine.connect() as connection, engine.connect() as other:
        broken = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        other.exec_driver_sql(f"SELECT pg_terminate_backend({broken}, 5000)")
        with pytest.raises(Exception, match=r"terminat|closed") as caught:
            chunks.find_chunk(connection, calculation.id, 1, 0)
        assert getattr(caught.value, "connection_invalidated", False)
        assert connection.invalidated
    assert find() == bytes(ROW_BYTES + 1)
