"""Where a calculation is computed, and what is said of one that is at fault."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.submission.plan import Planner
from shared.calculation import Lane
from shared.config import load_settings
from shared.errors import ArgumentsInvalid, CalculationTooLarge
from tests.factories import make_calculation

SETTINGS = load_settings(
    {"database_url": "postgresql+psycopg2://a/b", "broker_url": "amqp://127.0.0.1"}
)
ONE: dict[str, Any] = {"function": "fibonacci", "arguments": {"n": 1_000}}


def planner(registry, **overrides):
    return Planner(registry, replace(SETTINGS, **overrides))


def pointers(error):
    return [fault.pointer for fault in error.value.faults]


def test_a_calculation_of_exactly_the_limit_is_within_it(registry):
    estimate = make_calculation(arguments=ONE["arguments"]).estimate
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


@pytest.mark.parametrize(("count", "is_taken"), [(0, False), (1, True), (5, True), (6, False)])
def test_a_batch_has_one_to_so_many(registry, count, is_taken):
    body = {"calculations": [ONE] * count}
    if is_taken:
        assert len(planner(registry).plan_batch(body, 5)) == count
        return
    with pytest.raises(ArgumentsInvalid) as error:
        planner(registry).plan_batch(body, 5)
    assert pointers(error) == ["/calculations"]


def test_the_faults_of_a_batch_are_named_by_their_place(registry):
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
