"""New calculations, inserted once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from shared.calculation import Lane
from shared.functions.learnt_cost import LearntCost
from shared.store import new_calculations
from shared.store.new_calculations import New
from shared.store.outbox import heavy_outbox, outbox
from tests.eventually import eventually
from tests.factories import estimate_of, make_calculation, make_result
from tests.integration.rows import (
    claim,
    queue,
    row_of,
    stored,
    take_due,
    waits_for_a_lock,
)


def test_a_calculation_inserted_twice_is_stored_once(connection):
    calculation = make_calculation()
    assert new_calculations.insert_queued(connection, [calculation], "a") == {calculation.id}
    before = row_of(connection, calculation)
    assert new_calculations.insert_queued(connection, [calculation], "b") == set()
    assert new_calculations.insert_new([New(calculation, None, "c")]).on(connection) == {}
    assert new_calculations.insert_new([New(calculation, make_result(), "c")]).on(connection) == {}
    assert row_of(connection, calculation) == before
    assert stored(connection, calculation, "request_id") == "a"


def test_an_insert_does_not_wait_for_a_locked_row_that_exists(engine, connection):
    """The relay holds rows locked for as long as RabbitMQ confirms nothing."""
    there, new, newer = (make_calculation(arguments={"n": n}) for n in (1, 2, 3))
    new_calculations.insert_queued(connection, [there], "request")
    connection.commit()
    with engine.begin() as relay, engine.begin() as gateway:
        assert len(outbox.take_due(9).on(relay)) == 1
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
def test_of_two_concurrent_inserts_of_a_calculation_one_succeeds(engine, insert):
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
    """They insert in the order of their ids, whatever the order of the batch."""
    made = [make_calculation(arguments={"n": n}) for n in range(50)]
    with engine.begin() as connection:
        insert(connection, made)
        inserted = connection.execute(text("SELECT id FROM calculations ORDER BY ctid"))
        assert inserted.scalars().all() == sorted(one.id for one in made)


@pytest.mark.parametrize("result", [None, make_result(), make_result(length=10_000)])
@pytest.mark.parametrize("lane", Lane)
def test_the_row_of_a_new_calculation_equals_the_one_that_is_found(connection, result, lane):
    calculation = make_calculation(lane=lane)
    row = new_calculations.insert_new([New(calculation, result, "a")]).on(connection)[
        calculation.id
    ]
    assert row == row_of(connection, calculation)
    assert row.status == ("queued" if result is None else "succeeded")
    assert row.lane == lane
    assert (row.result_attempt == 1) is (result is not None and not result.is_in_row)
    assert stored(connection, calculation, "request_id") == "a"
    # A calculation that has its result is not published.
    assert len(take_due(connection, lane)) == (result is None)


def test_a_batch_stores_the_values_of_each_calculation(connection):
    lanes = {1: Lane.QUICK, 2: Lane.HEAVY, 3: Lane.QUICK}
    made = {n: make_calculation(arguments={"n": n}, lane=lane) for n, lane in lanes.items()}
    new_calculations.insert_queued(connection, list(made.values()), "request")
    for n, calculation in made.items():
        row = row_of(connection, calculation)
        assert row.canonical_arguments == f'{{"n":{n}}}'
        assert (row.lane, row.status) == (lanes[n], "queued")
        estimate = estimate_of(calculation)
        assert row.estimate_seconds == estimate.seconds
        assert row.estimate_digits == estimate.digits
        assert row.estimate_bytes == estimate.bytes
        assert row.estimate_source == "function"


@pytest.mark.parametrize(("estimate", "source"), [(None, None), (LearntCost(0.5, None), "history")])
@pytest.mark.parametrize("way", ["alone", "in a batch"])
def test_what_is_not_known_of_the_cost_is_null(connection, estimate, source, way):
    calculation = make_calculation(estimate=estimate, estimate_source=source, lane=Lane.HEAVY)
    if way == "alone":
        new = New(calculation, None, "request")
        inserted = new_calculations.insert_new([new]).on(connection)[calculation.id]
        assert inserted == row_of(connection, calculation)
    else:
        new_calculations.insert_queued(connection, [calculation], "request")
    row = row_of(connection, calculation)
    seconds = None if estimate is None else 0.5
    assert (row.estimate_seconds, row.estimate_source) == (seconds, source)
    assert (row.estimate_bytes, row.estimate_digits) == (None, None)
    (due,) = heavy_outbox.take_heavy(9).on(connection).due
    assert due.estimate_seconds == seconds
    assert claim(connection, calculation).estimate_seconds == seconds


def test_integers_beyond_double_precision_come_back_exactly(connection):
    calculation = queue(connection, n=2**53 + 1)
    row = row_of(connection, calculation)
    assert row.canonical_arguments == '{"n":9007199254740993}'
