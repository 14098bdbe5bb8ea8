"""Which lane a calculation goes to, and which faults a request has."""

import dataclasses
from typing import Any

import pytest

from gateway.submission.plan import Planner
from reckoner import Estimate, Function, function
from shared.calculation import Lane, calculation_id
from shared.config import load_settings
from shared.errors import ArgumentsInvalid, CalculationTooLarge
from shared.functions.fibonacci import fibonacci
from shared.functions.registry import Registry
from tests.factories import estimate_of, make_calculation

SETTINGS = load_settings(
    {
        "database_url": "postgresql+psycopg2://h/d",
        "broker_url": "amqp://h",
        "inline_seconds": 0.25,
        "quick_seconds": 0.5,
        "memory_limit_bytes": 2**30,
    }
)
ONE: dict[str, Any] = {"function": "fibonacci", "arguments": {"n": 1_000}}


def planner(registry, **overrides):
    return Planner(registry, dataclasses.replace(SETTINGS, **overrides))


def plan(*, seconds=0.0, peak_bytes=1):
    """Return a planner and the calculation of a function with this estimate."""
    cost = Estimate(seconds=seconds, digits=1, bytes=peak_bytes)
    costly = dataclasses.replace(fibonacci, estimator=lambda **_arguments: cost)
    planner = Planner(Registry([costly]), SETTINGS)
    return planner, planner.plan_request({"function": "fibonacci", "arguments": {"n": 5}})


def pointers(error):
    return [fault.pointer for fault in error.value.faults]


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
def test_the_estimate_decides_where_it_is_computed(seconds, lane, is_inline):
    planner, calculation = plan(seconds=seconds)
    assert calculation.lane is lane
    assert planner.is_inline(calculation) is is_inline


def test_a_calculation_of_exactly_the_limit_is_within_it(registry):
    estimate = estimate_of(make_calculation(arguments=ONE["arguments"]))
    limits = {
        "memory_limit_bytes": estimate.bytes,
        "quick_seconds": estimate.seconds,
        "inline_seconds": estimate.seconds,
    }
    exact = planner(registry, **limits)
    planned = exact.plan_request(ONE)
    assert planned.lane is Lane.QUICK
    assert exact.is_inline(planned)
    less = planner(
        registry,
        **limits
        | {"quick_seconds": estimate.seconds * 0.999, "inline_seconds": estimate.seconds * 0.999},
    )
    assert less.plan_request(ONE).lane is Lane.HEAVY
    assert not less.is_inline(planned)
    with pytest.raises(CalculationTooLarge):
        planner(registry, memory_limit_bytes=estimate.bytes - 1).plan_request(ONE)


def test_a_calculation_beyond_the_memory_limit_is_refused():
    assert estimate_of(plan(peak_bytes=2**30)[1]).bytes == 2**30
    with pytest.raises(CalculationTooLarge) as refusal:
        plan(peak_bytes=2**30 + 1)
    assert refusal.value.needed_bytes == 2**30 + 1
    assert refusal.value.limit_bytes == 2**30


def test_a_plan_has_the_function_and_arguments_of_the_request():
    _, calculation = plan()
    assert calculation.function.name == "fibonacci"
    assert calculation.arguments == ({"n": 5}, '{"n":5}')
    assert calculation.id == calculation_id("fibonacci", 1, '{"n":5}')


@pytest.mark.parametrize(("count", "is_accepted"), [(0, False), (1, True), (5, True), (6, False)])
def test_a_batch_has_at_least_one_and_at_most_the_limit(registry, count, is_accepted):
    body = {"calculations": [ONE] * count}
    if is_accepted:
        assert len(planner(registry).plan_batch(body, 5)) == count
        return
    with pytest.raises(ArgumentsInvalid) as error:
        planner(registry).plan_batch(body, 5)
    assert pointers(error) == ["/calculations"]


def test_each_fault_of_a_batch_has_a_pointer(registry):
    items = [
        ONE,
        {**ONE, "a/b~c": 1},
        5,
        {**ONE, "function": "nothing"},
        {**ONE, "arguments": {"n": 10**10}},
        {"function": "fibonacci", "arguments": {"n": -1}},
    ]
    with pytest.raises(ArgumentsInvalid) as error:
        planner(registry).plan_batch({"calculations": items}, 10)
    assert pointers(error) == [
        "/calculations/1/a~1b~0c",
        "/calculations/2",
        "/calculations/3/function",
        "/calculations/4/arguments",
        "/calculations/5/arguments/n",
    ]
    assert error.value.count == 5


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (5, "An object with the members function and arguments is expected."),
        ({"function": "fibonacci"}, "arguments is missing."),
        ({**ONE, "wait": 1}, "wait is not a member; only function and arguments may be given."),
        ({**ONE, "function": 5}, "function must be a string."),
        ({**ONE, "arguments": {"n": -1}}, "n must be at least 0; it is -1."),
    ],
)
def test_a_fault_is_described_in_a_sentence(registry, body, detail):
    with pytest.raises(ArgumentsInvalid) as error:
        planner(registry).plan_request(body)
    assert [fault.detail for fault in error.value.faults] == [detail]


def of_options(**options: Any) -> Function:
    """Return a function of one number with these options of the decorator."""

    @function(**options)
    def twice(n: int) -> int:
        return 2 * n

    return twice


def estimated(seconds: float, size: int = 1) -> Any:
    def estimate(n: int) -> Estimate:
        return Estimate(seconds, size)

    return estimate


@pytest.mark.parametrize(
    ("options", "lane", "is_inline"),
    [
        ({}, Lane.HEAVY, False),
        ({"lane": "heavy"}, Lane.HEAVY, False),
        ({"lane": "quick"}, Lane.QUICK, False),
        ({"lane": "quick", "estimate": estimated(0.1)}, Lane.QUICK, True),
        ({"lane": "quick", "estimate": estimated(0.6)}, Lane.HEAVY, False),
        ({"lane": "heavy", "estimate": estimated(0.1)}, Lane.HEAVY, False),
        ({"estimate": estimated(0.1)}, Lane.QUICK, True),
        ({"estimate": estimated(0.4)}, Lane.QUICK, False),
        ({"estimate": estimated(-1)}, Lane.HEAVY, False),
        ({"lane": "quick", "estimate": estimated(-1)}, Lane.QUICK, False),
        ({"estimate": estimated(0.1), "memory": "64MiB"}, Lane.HEAVY, False),
        ({"estimate": estimated(0.1), "timeout": 5}, Lane.HEAVY, False),
        ({"estimate": estimated(0.1), "fresh": True}, Lane.HEAVY, False),
        ({"estimate": estimated(0.1), "check": "recompute"}, Lane.HEAVY, False),
    ],
)
def test_without_an_estimate_it_is_heavy_unless_its_author_says_quick(options, lane, is_inline):
    offered = of_options(**options)
    planner = Planner(Registry([offered]), SETTINGS)
    calculation = planner.plan(offered, {"n": 1})
    assert calculation.lane is lane
    assert planner.is_inline(calculation) is is_inline


@pytest.mark.parametrize(("own", "limit"), [(2**20, 2**20), (2**40, 2**30)])
def test_a_functions_own_memory_limit_is_never_above_the_servers(own, limit):
    for size, is_accepted in ((limit, True), (limit + 1, False)):
        offered = of_options(memory=own, estimate=estimated(1, size))
        planner = Planner(Registry([offered]), SETTINGS)
        if is_accepted:
            planner.plan(offered, {"n": 1})
            continue
        with pytest.raises(CalculationTooLarge) as refusal:
            planner.plan(offered, {"n": 1})
        assert refusal.value.limit_bytes == limit


def test_the_identity_is_that_of_the_normalised_arguments():
    @function
    def scaled(x: float, factor: float = 2) -> float:
        return x * factor

    planner = Planner(Registry([scaled]), SETTINGS)
    plans = [
        planner.plan(scaled, arguments)
        for arguments in ({"x": 5}, {"x": 5.0, "factor": 2}, {"factor": 2.0, "x": 5})
    ]
    assert {one.id for one in plans} == {calculation_id("scaled", 1, '{"factor":2,"x":5}')}
    assert plans[0].arguments.values == {"x": 5.0, "factor": 2.0}


@function
def count(words: list[str]) -> int:
    """How many words there are."""
    return len(words)


def test_arguments_that_are_too_long_as_text_are_refused_alone_and_in_a_batch():
    planner = Planner(Registry([count]), SETTINGS)
    longest = {"function": "count", "arguments": {"words": ["x" * (192 * 1024 - 14)]}}
    longer = {"function": "count", "arguments": {"words": ["é" * (32 * 1024)]}}
    assert len(planner.plan_request(longest).arguments.text) == 192 * 1024
    with pytest.raises(ArgumentsInvalid, match="196,608 characters") as error:
        planner.plan_request(longer)
    assert pointers(error) == ["/arguments"]
    with pytest.raises(ArgumentsInvalid) as error:
        planner.plan_batch({"calculations": [longest, longer]}, 10)
    assert pointers(error) == ["/calculations/1/arguments"]
    # Also among faults that are counted and not described.
    assert planner._count_faults(longest) == 0
    assert planner._count_faults(longer) == 1
