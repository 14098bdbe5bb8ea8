"""Which calculations share a message."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from gateway.relay.lane import group_by_message
from shared.calculation import Lane, Work
from shared.store.outbox.outbox import Due


def due(seconds: float | None) -> Due:
    return Due(Work(uuid4(), "fibonacci", 1, '{"n":1}', None), seconds)


@given(st.lists(st.floats(0, 0.1)))
def test_each_is_in_one_message_in_its_order_and_a_message_does_not_take_long(estimates):
    waiting = [due(seconds) for seconds in estimates]
    groups = list(group_by_message(waiting, Lane.QUICK))
    assert [one for group in groups for one in group] == waiting
    for group in groups:
        assert len(group) == 1 or sum(one.estimate_seconds or 0 for one in group) < 0.0201
        assert 1 <= len(group) <= 100


def test_small_ones_share_a_message():
    groups = group_by_message([due(1e-5)] * 250, Lane.QUICK)
    assert [len(group) for group in groups] == [100, 100, 50]


def test_of_those_whose_cost_is_unknown_few_share_a_message():
    groups = list(group_by_message([due(None)] * 25, Lane.QUICK))
    assert [len(group) for group in groups] == [10, 10, 5]
    assert len(list(group_by_message([due(0.0195), due(None)], Lane.QUICK))) == 2


def test_those_with_long_arguments_share_a_message_that_rabbitmq_takes():
    short, long, longer = (
        Due(Work(uuid4(), "f", 1, "x" * length, None), 1e-5) for length in (10, 2**18, 2**21)
    )
    groups = group_by_message([short, *[long] * 6, longer, short], Lane.QUICK)
    assert [len(group) for group in groups] == [4, 3, 1, 1]


def test_each_heavy_one_has_a_message_of_its_own():
    groups = group_by_message([due(1e-5)] * 3, Lane.HEAVY)
    assert [len(group) for group in groups] == [1, 1, 1]
