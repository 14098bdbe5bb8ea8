"""Where a calculation goes, by what it is estimated to cost: to the last bit of each limit."""

import dataclasses

import pytest

from gateway.submission.plan import Planner
from shared.calculation import Lane, calculation_id
from shared.config import load_settings
from shared.errors import CalculationTooLarge
from shared.functions.estimates import Estimate
from shared.functions.fibonacci import fibonacci
from shared.functions.registry import Registry

SETTINGS = load_settings(
    {
        "database_url": "postgresql+psycopg2://h/d",
        "broker_url": "amqp://h",
        "inline_seconds": 0.25,
        "quick_seconds": 0.5,
        "memory_limit_bytes": 2**30,
    }
)


def plan(*, seconds=0.0, peak_bytes=1):
    """Return a planner and the calculation of a function that costs this."""
    cost = Estimate(seconds=seconds, digits=1, bytes=peak_bytes)
    function = dataclasses.replace(fibonacci, estimate=lambda _arguments: cost)
    planner = Planner(Registry([function]), SETTINGS)
    return planner, planner.plan_request({"function": "fibonacci", "arguments": {"n": 5}})


@pytest.mark.parametrize(
    ("seconds", "lane", "is_inline"),
    [
        (0.0, Lane.QUICK, True),
        (0.25, Lane.QUICK, True),
        (0.2500001, Lane.QUICK, False),
        (0.5, Lane.QUICK, False),
        (0.5000001, Lane.HEAVY, False),
    ],
)
def test_the_estimate_decides_who_computes(seconds, lane, is_inline):
    planner, calculation = plan(seconds=seconds)
    assert calculation.lane is lane
    assert planner.is_inline(calculation) is is_inline


def test_what_needs_more_memory_than_there_is_is_refused():
    assert plan(peak_bytes=2**30)[1].estimate.bytes == 2**30
    with pytest.raises(CalculationTooLarge) as refusal:
        plan(peak_bytes=2**30 + 1)
    assert refusal.value.needed_bytes == 2**30 + 1
    assert refusal.value.limit_bytes == 2**30


def test_a_plan_is_of_what_was_asked_for():
    _, calculation = plan()
    assert calculation.function.name == "fibonacci"
    assert calculation.arguments == {"n": 5}
    assert calculation.id == calculation_id("fibonacci", 1, {"n": 5})
