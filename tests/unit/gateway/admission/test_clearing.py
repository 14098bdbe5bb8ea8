"""The Retry-After of a refusal: how long until there is room, at the present slots."""

import pytest

from gateway.admission.clearing import retry_after_seconds, sums_by_lane
from shared.calculation import Lane
from shared.store.totals.queued_work import NOTHING, Group, Sums

QUICK, HEAVY = Lane.QUICK, Lane.HEAVY
SLOTS = {QUICK: 2, HEAVY: 4}


@pytest.mark.parametrize(
    ("unit", "to_free", "seconds"),
    [
        ("seconds", 40.0, 10),  # four slots
        ("seconds", 42.0, 11),
        ("bytes", 100, 10),  # as many bytes as a tenth of the seconds have
        ("calculations", 10, 100),  # all of them
        ("seconds", 0.0, 1),
        ("seconds", 1e9, 15),  # what is not queued cannot be computed
    ],
)
def test_it_is_the_time_in_which_so_much_is_computed(unit, to_free, seconds):
    lanes = {QUICK: NOTHING, HEAVY: Sums(10, 400.0, 1_000)}
    assert retry_after_seconds(unit, to_free, lanes, SLOTS) == seconds


def test_lanes_work_side_by_side():
    lanes = {QUICK: Sums(100, 20.0, 0), HEAVY: Sums(10, 400.0, 0)}
    # In ten seconds the quick lane is empty, and a tenth of the heavy one is done.
    assert retry_after_seconds("seconds", 30.0, lanes, SLOTS) == 5
    assert retry_after_seconds("seconds", 60.0, lanes, SLOTS) == 10
    assert retry_after_seconds("seconds", 100.0, lanes, SLOTS) == 20
    assert retry_after_seconds("calculations", 101, lanes, SLOTS) == 10
    assert retry_after_seconds("calculations", 105, lanes, SLOTS) == 50


def test_a_lane_without_workers_frees_nothing():
    lanes = {QUICK: Sums(100, 20.0, 0), HEAVY: Sums(10, 400.0, 0)}
    assert retry_after_seconds("seconds", 10.0, lanes, {QUICK: 1}) == 10
    assert retry_after_seconds("seconds", 30.0, lanes, {QUICK: 1}) == 15
    assert retry_after_seconds("seconds", 10.0, lanes, {}) == 15
    assert retry_after_seconds("seconds", 10.0, lanes, {QUICK: 0, HEAVY: 0}) == 15


def test_what_is_charged_no_time_is_done_at_once():
    lanes = {QUICK: Sums(100, 0.0, 0), HEAVY: Sums(10, 400.0, 0)}
    assert retry_after_seconds("calculations", 50, lanes, SLOTS) == 1
    assert retry_after_seconds("calculations", 105, lanes, SLOTS) == 50


def test_it_is_never_more_than_an_hour():
    lanes = {QUICK: NOTHING, HEAVY: Sums(10, 1e9, 0)}
    assert retry_after_seconds("seconds", 1e8, lanes, SLOTS) == 3_600


def test_classes_of_a_lane_are_one_sum():
    groups = {
        Group(HEAVY, 1): Sums(1, 2.0, 3),
        Group(HEAVY, 5): Sums(10, 20.0, 30),
        Group(QUICK, 0): Sums(4, 5.0, 6),
    }
    assert sums_by_lane(groups) == {HEAVY: Sums(11, 22.0, 33), QUICK: Sums(4, 5.0, 6)}
    assert sums_by_lane({}) == {HEAVY: NOTHING, QUICK: NOTHING}
