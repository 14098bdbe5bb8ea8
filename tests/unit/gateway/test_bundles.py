"""Which calculations share a message."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from gateway.relay.bundles import bundles
from shared.calculation import Lane, Work
from shared.store.outbox import Due


def due(seconds: float) -> Due:
    return Due(Work(uuid4(), "fibonacci", 1, {"n": 1}, None), seconds)


@given(st.lists(st.floats(0, 0.1)))
def test_each_travels_once_in_its_order_and_a_bundle_is_over_in_a_moment(estimates):
    waiting = [due(seconds) for seconds in estimates]
    found = list(bundles(waiting, Lane.QUICK))
    assert [one for bundle in found for one in bundle] == waiting
    for bundle in found:
        assert len(bundle) == 1 or sum(one.estimate_seconds for one in bundle) < 0.0201
        assert 1 <= len(bundle) <= 100


def test_small_ones_travel_together():
    assert [len(bundle) for bundle in bundles([due(1e-5)] * 250, Lane.QUICK)] == [100, 100, 50]


def test_heavy_ones_travel_alone():
    assert [len(bundle) for bundle in bundles([due(1e-5)] * 3, Lane.HEAVY)] == [1, 1, 1]
