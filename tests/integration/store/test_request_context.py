"""Request id, key and trace context are kept with a calculation, and reach its worker."""

import pytest

from shared.calculation import Lane
from shared.store import calculations, new_calculations
from shared.store.new_calculations import New
from tests.factories import make_calculation
from tests.integration.rows import claim, stored, take_due

FIRST = f"00-{'a' * 32}-{'1' * 16}-01"
SECOND = f"00-{'b' * 32}-{'2' * 16}-00"


def cancel_and_requeue(connection, calculation, *arguments, **context):
    calculations.cancel_calculation(connection, calculation.id, '{"type": "x"}')
    calculations.requeue_ended(connection, [calculation], *arguments, **context)


@pytest.mark.parametrize("lane", Lane)
@pytest.mark.parametrize("way", ["alone", "in a batch"])
def test_what_is_published_names_the_request_that_queued_it(connection, lane, way):
    calculation = make_calculation(lane=lane)
    if way == "alone":
        new = New(calculation, None, "r-1", "shop", traceparent=FIRST)
        new_calculations.insert_new([new]).on(connection)
    else:
        new_calculations.insert_queued(connection, [calculation], "r-1", "shop", traceparent=FIRST)
    (due,) = take_due(connection, lane)
    assert (due.work.request_id, due.work.key_name, due.work.traceparent) == ("r-1", "shop", FIRST)
    cancel_and_requeue(connection, calculation, "r-2", "other", traceparent=SECOND)
    (due,) = take_due(connection, lane)
    assert (due.work.request_id, due.work.key_name, due.work.traceparent) == (
        "r-2",
        "other",
        SECOND,
    )
    cancel_and_requeue(connection, calculation, "r-3", "shop")
    (due,) = take_due(connection, lane)
    assert (due.work.request_id, due.work.key_name, due.work.traceparent) == ("r-3", "shop", None)


def test_a_claim_names_the_request_that_queued_it(connection):
    calculation = make_calculation(lane=Lane.HEAVY)
    new_calculations.insert_queued(connection, [calculation], "r-1", "shop", traceparent=FIRST)
    claimed = claim(connection, calculation)
    assert (claimed.request_id, claimed.key_name, claimed.traceparent) == ("r-1", "shop", FIRST)


def test_without_a_trace_context_none_is_stored(connection):
    calculation = make_calculation()
    new_calculations.insert_new([New(calculation, None, "r-1")]).on(connection)
    assert stored(connection, calculation, "traceparent") is None
