"""The bounds of the quick lane: what is at one is let in, what is beyond it is not."""

import dataclasses

import pytest

from shared.config import load_settings
from shared.errors import CalculationUnfit
from tests.factories import make_calculation
from workers.quick.admission import Admission

ONE = make_calculation(arguments={"n": 1_000_000})


def admission(**bounds):
    settings = load_settings(
        {"database_url": "postgresql+psycopg2:///none", "broker_url": "amqp://none"}
    )
    return Admission(dataclasses.replace(settings, **bounds))


def test_what_is_at_both_bounds_is_let_in():
    at_bounds = admission(quick_seconds=ONE.estimate.seconds, memory_limit_bytes=ONE.estimate.bytes)
    at_bounds.check(ONE.function, ONE.arguments)


@pytest.mark.parametrize(
    ("bounds", "named"),
    [
        ({"quick_seconds": ONE.estimate.seconds * 0.999}, "RECKONER_QUICK_SECONDS"),
        ({"memory_limit_bytes": ONE.estimate.bytes - 1}, "RECKONER_MEMORY_LIMIT_BYTES"),
    ],
)
def test_what_is_beyond_a_bound_is_refused_by_its_name(bounds, named):
    with pytest.raises(CalculationUnfit, match=named):
        admission(**bounds).check(ONE.function, ONE.arguments)


@pytest.mark.parametrize("arguments", [{}, {"n": -1}, {"n": "1"}, {"n": 1, "m": 1}])
def test_arguments_are_looked_at_once_more(arguments):
    with pytest.raises(CalculationUnfit, match="fibonacci"):
        admission().check(ONE.function, arguments)
