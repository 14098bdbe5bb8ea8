"""The limits of the quick lane: a calculation at a limit is admitted, one beyond it is not."""

import dataclasses

import pytest

from reckoner import Estimate, function
from shared.config import load_settings
from shared.errors import CalculationUnfit
from tests.factories import estimate_of, make_calculation
from workers.quick.admission import Admission

ONE = make_calculation(arguments={"n": 1_000_000})


ESTIMATE = estimate_of(ONE)


def admission(**limits):
    settings = load_settings(
        {"database_url": "postgresql+psycopg2:///none", "broker_url": "amqp://none"}
    )
    return Admission(dataclasses.replace(settings, **limits))


def test_a_calculation_at_both_limits_is_admitted():
    at_limits = admission(quick_seconds=ESTIMATE.seconds, memory_limit_bytes=ESTIMATE.bytes)
    assert at_limits.bind(ONE.function, ONE.arguments.text) == ONE.arguments


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        ({"quick_seconds": ESTIMATE.seconds * 0.999}, "RECKONER_QUICK_SECONDS"),
        ({"memory_limit_bytes": ESTIMATE.bytes - 1}, "RECKONER_MEMORY_LIMIT_BYTES"),
    ],
)
def test_a_calculation_beyond_a_limit_is_refused_with_its_name(limits, named):
    with pytest.raises(CalculationUnfit, match=named):
        admission(**limits).bind(ONE.function, ONE.arguments.text)


@pytest.mark.parametrize(
    "arguments_text",
    ["{}", '{"n":-1}', '{"n":"1"}', '{"m":1,"n":1}', "", "nonsense", "[" * 100_000],
)
def test_arguments_are_validated_again(arguments_text):
    with pytest.raises(CalculationUnfit, match="fibonacci"):
        admission().bind(ONE.function, arguments_text)


def of_options(**options):
    """Return a function of one number with these options of the decorator."""

    @function(**options)
    def halve(x: float) -> float:
        return x / 2

    return halve


def cheap(x: float) -> Estimate:
    return Estimate(0.001, 1)


def test_what_its_author_calls_quick_is_admitted_and_normalised():
    offered = of_options(lane="quick")
    assert admission().bind(offered, '{"x":5}').values == {"x": 5.0}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "no estimate"),
        ({"lane": "heavy", "estimate": cheap}, "process of its own"),
        ({"memory": "1GB", "estimate": cheap}, "process of its own"),
        ({"check": "recompute", "estimate": cheap}, "process of its own"),
    ],
)
def test_what_needs_a_process_is_not_admitted(options, words):
    with pytest.raises(CalculationUnfit, match=words):
        admission().bind(of_options(**options), '{"x":5}')


@pytest.mark.parametrize("text", ['{"x":"5"}', "{}", '{"x":5', "[" * 100_000])
def test_arguments_of_any_type_are_validated_again(text):
    with pytest.raises(CalculationUnfit, match="halve"):
        admission().bind(of_options(lane="quick"), text)
