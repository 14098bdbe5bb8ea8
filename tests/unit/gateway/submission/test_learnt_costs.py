"""What was learnt of a function's costs informs, and decides nothing."""

import dataclasses

import pytest

from gateway.submission.plan import Planner
from reckoner import Estimate, function
from shared.calculation import Lane
from shared.config import load_settings
from shared.functions.learnt_cost import LearntCost
from shared.functions.registry import Registry

SETTINGS = load_settings({"database_url": "postgresql+psycopg2://h/d", "broker_url": "amqp://h"})


@function(version=3)
def plain(n: int) -> dict[str, int]:
    """Estimate nothing."""
    return {"n": n}


@function(lane="quick")
def short(n: int) -> dict[str, int]:
    """Say that it is short."""
    return {"n": n}


def cost(n: int) -> Estimate:
    return Estimate(5.0, n * 200)


@function(estimate=cost)
def estimated(n: int) -> dict[str, int]:
    """Estimate something."""
    return {"n": n}


def plan(of, learnt=None):
    """Return a planner, which has learnt this of the function, and the calculation."""
    costs = {(of.name, of.version): learnt}
    planner = Planner(Registry([of]), SETTINGS, lambda name, version: costs[name, version])
    return planner, planner.plan_request({"function": of.name, "arguments": {"n": 5}})


def test_what_was_learnt_stands_in_for_a_missing_estimate():
    _, calculation = plan(plain, LearntCost(2.5, 7_000))
    assert calculation.estimate == LearntCost(2.5, 7_000)
    assert calculation.estimate_source == "history"


def test_nothing_is_known_of_a_function_that_has_not_run():
    _, calculation = plan(plain)
    assert (calculation.estimate, calculation.estimate_source) == (None, None)


def test_the_functions_own_estimate_goes_before():
    _, calculation = plan(estimated, LearntCost(2.5, 7_000))
    assert calculation.estimate == Estimate(5.0, 1_000)
    assert calculation.estimate_source == "function"


@pytest.mark.parametrize(("of", "lane"), [(plain, Lane.HEAVY), (short, Lane.QUICK)])
@pytest.mark.parametrize("learnt", [None, LearntCost(1e-6, 1), LearntCost(1e6, 2**50)])
def test_what_was_learnt_changes_no_lane_refuses_nothing_and_computes_nothing_at_once(
    of, lane, learnt
):
    planner, calculation = plan(of, learnt)
    assert calculation.lane is lane
    assert not planner.is_inline(calculation)
    items = [{"function": of.name, "arguments": {"n": 1}}] * 2
    batch = planner.plan_batch({"calculations": items}, 9)
    assert [one.lane for one in batch] == [lane, lane]


def test_a_batch_with_faults_counts_calculations_of_unknown_cost():
    planner = dataclasses.replace(plan(plain)[0])
    assert planner._count_faults({"function": "plain", "arguments": {"n": 1}}) == 0
    assert planner._count_faults({"function": "plain", "arguments": {}}) == 1
