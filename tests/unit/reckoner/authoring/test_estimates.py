"""Estimates of authors, whatever they return: none stops a submission."""

import sys
from typing import Annotated

import pytest
from pydantic import AfterValidator

from reckoner import Estimate, Ge, Le, function
from reckoner.authoring.errors import ArgumentsFaulty


def estimated(given):
    @function(estimate=given)
    def sized(n: Annotated[int, Ge(0), Le(10)]) -> int:
        return n

    return sized.estimate(sized.bind({"n": 1}))


def test_an_estimate_is_taken_as_it_is():
    assert estimated(lambda n: Estimate(0.5, 2**40, n)) == Estimate(0.5, 2**40, 1)


@pytest.mark.parametrize("digits", [None, 10**30])
def test_a_larger_estimate_than_can_be_stored_counts_as_the_largest(digits):
    found = estimated(lambda n: Estimate(10**400 * n, 10**5_000, digits))
    assert found == Estimate(1e12, 2**63 - 1, digits and 2**63 - 1)


@pytest.mark.parametrize("end", [sys.exit, lambda: 1 / 0])
def test_an_estimate_that_raises_anything_is_none(end):
    def estimate(n):
        end()

    assert estimated(estimate) is None


def test_a_validation_that_exits_is_a_fault():
    @function
    def exiting(n: Annotated[int, AfterValidator(sys.exit)]) -> int:
        return n

    with pytest.raises(ArgumentsFaulty, match="SystemExit"):
        exiting.bind({"n": 1})
