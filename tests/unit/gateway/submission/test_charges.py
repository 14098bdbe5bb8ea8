"""What a calculation is charged while it is unfinished."""

import pytest

from gateway.submission.plan import QUICK_LIMIT_SECONDS, Planner
from reckoner import Estimate, Function, function
from shared.config import load_settings
from shared.functions.learnt_cost import LearntCost
from shared.functions.registry import Registry
from workers.quick.lane import _HANGING_SECONDS

SETTINGS = load_settings(
    {
        "database_url": "postgresql+psycopg2://h/d",
        "broker_url": "amqp://h",
        "time_limit_seconds": 600,
        "max_result_bytes": 2**30,
    }
)


def of_options(**options) -> Function:
    @function(**options)
    def twice(n: int) -> int:
        return 2 * n

    return twice


def estimating(**values):
    def estimate(n: int) -> Estimate:
        return Estimate(**values)

    return estimate


def plan(offered, learnt=None):
    planner = Planner(Registry([offered]), SETTINGS, lambda _name, _version: learnt)
    return planner.plan(offered, {"n": 1})


def charge(calculation):
    return calculation.queue_seconds, calculation.queue_bytes


def stored(calculation):
    return calculation.charged_seconds, calculation.charged_bytes


def test_an_estimate_of_seconds_and_digits_is_what_is_charged():
    calculation = plan(of_options(estimate=estimating(seconds=7.0, bytes=1, digits=9)))
    assert charge(calculation) == (7.0, 9)
    assert stored(calculation) == (None, None)


@pytest.mark.parametrize(
    ("learnt", "size"), [(None, 2**30), (LearntCost(1.0, 1), 2**30), (LearntCost(1.0, 1, 50), 50)]
)
def test_an_estimate_without_digits_is_charged_the_learnt_size_or_the_limit(learnt, size):
    calculation = plan(of_options(estimate=estimating(seconds=7.0, bytes=1)), learnt)
    assert charge(calculation) == (7.0, size)
    assert stored(calculation) == (None, size)


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ({}, 600.0),
        ({"timeout": 30}, 30.0),
        ({"timeout": 6_000}, 600.0),
        ({"lane": "quick"}, QUICK_LIMIT_SECONDS),
        ({"estimate": estimating(seconds=-1, bytes=1)}, 600.0),
    ],
)
def test_of_what_nothing_is_known_the_limits_are_charged(options, seconds):
    calculation = plan(of_options(**options))
    assert charge(calculation) == stored(calculation) == (seconds, 2**30)


def test_what_was_learnt_is_charged_in_place_of_the_limits():
    calculation = plan(of_options(timeout=30), LearntCost(2.5, 7_000, 123))
    assert charge(calculation) == (2.5, 123)
    assert stored(calculation) == (None, 123)


def test_the_quick_lane_ends_what_takes_longer_than_is_charged():
    assert QUICK_LIMIT_SECONDS == _HANGING_SECONDS
