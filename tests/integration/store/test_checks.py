"""What the CHECKs of the tables refuse, and how digits are stored."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from shared.result import CHUNK_BYTES
from shared.store import new_calculations
from shared.store.new_calculations import New
from tests.factories import make_calculation, make_result


@pytest.fixture
def stored(engine):
    """A calculation with a result."""
    calculation = make_calculation()
    with engine.begin() as connection:
        new_calculations.insert_new([New(calculation, make_result(), "request")]).on(connection)
    return calculation


def refused(engine, statement, **values):
    """Return whether a CHECK refuses the statement."""
    try:
        with engine.begin() as connection:
            connection.execute(text(statement), values)
    except IntegrityError as error:
        assert "check constraint" in str(error)
        return True
    return False


@pytest.mark.parametrize(
    ("change", "is_refused"),
    [
        ("result_value = NULL", True),
        ("result_attempt = 1", True),
        ("result_value = NULL, result_attempt = 1", False),
        ("result_value = NULL, result_pruned_at = now()", False),
        ("result_sha256 = NULL", True),
        ("result_digits = NULL", True),
        ("finished_at = NULL", True),
        ("error = '{}'", True),
        ("worker_id = gen_random_uuid()", True),
        ("attempt = -1", True),
        ("attempt_base = -1", True),
        ("progress = -0.1", True),
    ],
)
def test_a_result_is_either_in_the_row_or_in_chunks(engine, stored, change, is_refused):
    assert refused(engine, f"UPDATE calculations SET {change}") is is_refused


@pytest.mark.parametrize(
    ("ordinal", "length", "is_refused"),
    [
        (0, 1, False),
        (0, CHUNK_BYTES, False),
        (0, CHUNK_BYTES + 1, True),
        (0, 0, True),
        (-1, 1, True),
    ],
)
def test_a_chunk_has_its_place_and_its_length(engine, stored, ordinal, length, is_refused):
    statement = (
        "INSERT INTO result_chunks (calculation_id, attempt, ordinal, digits)"
        " VALUES (:id, 1, :ordinal, repeat('7', :length))"
    )
    values = {"id": stored.id, "ordinal": ordinal, "length": length}
    assert refused(engine, statement, **values) is is_refused


@pytest.mark.parametrize(
    ("lane", "slots", "is_refused"), [("quick", 1, False), ("quick", 0, True), ("slow", 1, True)]
)
def test_a_worker_has_a_lane_and_at_least_one_slot(engine, lane, slots, is_refused):
    statement = (
        "INSERT INTO workers (id, host, pid, lane, slots)"
        " VALUES (gen_random_uuid(), 'h', 1, :lane, :slots)"
    )
    assert refused(engine, statement, lane=lane, slots=slots) is is_refused


def test_chunks_are_deleted_with_their_calculation(engine, stored):
    insert = "INSERT INTO result_chunks VALUES (:id, 1, 0, '7')"
    assert not refused(engine, insert, id=stored.id)
    assert not refused(engine, "DELETE FROM calculations")
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM result_chunks")).scalar_one() == 0


def test_digits_are_stored_uncompressed_and_out_of_line(engine):
    """Compression takes longer than it saves, and would prevent reading slices."""
    with engine.begin() as connection:
        storage = connection.execute(
            text(
                "SELECT attname, attstorage FROM pg_attribute"
                " WHERE attrelid IN ('calculations'::regclass, 'result_chunks'::regclass)"
                " AND attname IN ('result_value', 'digits')"
            )
        )
        assert set(storage) == {("result_value", "e"), ("digits", "e")}


def test_the_length_of_a_chunk_never_changes():
    """The chunks of a range are calculated from it."""
    assert CHUNK_BYTES == 262_144
