"""Limbs: doubling, carries and products on two cores."""

import time
from concurrent.futures import ThreadPoolExecutor

import gmpy2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.functions.fibonacci import (
    _doubling,
    _last_doubling,
    digit_count,
)
from shared.functions.limbs import (
    BASE,
    LIMB_DIGITS,
    SMALLEST_ON_TWO_CORES,
    evaluated,
    split_into_limbs,
    stripped,
    without_gil,
)
from tests.unit.shared.functions.fibonacci_numbers import agrees_with_gmp, computed

# Indexes on the way to which a doubling needs more than twice the limbs of its operand.
OUTGROWING = (
    643176, 689076, 703395, 706266, 723500, 735083, 746471, 861305, 872790, 895774, 918735,
    950298, 964692, 987636, 1828819, 4076805, 11943536,
)  # fmt: skip
# The largest and smallest limbs carry and borrow the most, runs of one of them most of all.
extreme_limbs = st.sampled_from([0, 1, BASE // 10, BASE // 2, BASE - 2, BASE - 1])
operands = (
    st.lists(extreme_limbs | st.integers(0, BASE - 1), min_size=1, max_size=40)
    | st.builds(lambda limb, length: [limb] * length, extreme_limbs, st.integers(1, 130))
).map(lambda chosen: number([gmpy2.mpz(limb) for limb in chosen]))


def number(limbs):
    return gmpy2.mpz("".join(limb.digits().zfill(LIMB_DIGITS) for limb in reversed(limbs)))


@pytest.mark.parametrize("n", OUTGROWING)
def test_numbers_that_outgrow_two_operands_agree_with_gmp(n):
    related = (n, 2 * n, 2 * n + 1) if n < 2_000_000 else (n,)
    assert [m for m in related if not agrees_with_gmp(m)] == []


def last_index_of(limbs):
    """Return the last k for which F(k) fits into `limbs` limbs; F(2k+1) needs more than twice."""
    k = int(limbs * LIMB_DIGITS / 0.20898764)
    while digit_count(k + 1) <= limbs * LIMB_DIGITS:
        k += 1
    assert digit_count(2 * k + 1) > 2 * limbs * LIMB_DIGITS
    return k


@pytest.mark.parametrize("limbs", [175, 176, 200, 256, 257, 333])
def test_last_step_from_the_end_of_a_limb(limbs):
    k = last_index_of(limbs)
    for n in (2 * k, 2 * k + 1, 2 * k + 2, 2 * k + 3):
        assert computed(n) == gmpy2.fib(n).digits()


@pytest.fixture(scope="module")
def cores():
    with ThreadPoolExecutor(max_workers=2) as executor:
        yield executor


def coefficients(formula, x, y, cores):
    return evaluated(formula, [split_into_limbs(x), split_into_limbs(y)], cores)


def limbs_of(formula, x, y, cores):
    """Return the limbs of each value of the formula, after checking that each is below BASE."""
    values = [number.limbs() for number in coefficients(formula, x, y, cores)]
    assert all(0 <= limb < BASE for limbs in values for limb in limbs)
    return values


@pytest.mark.parametrize("odd", [0, 1])
def test_doubling_from_the_end_of_a_limb(odd, cores):
    for limbs in range(6, 60):
        for k in range(last_index_of(limbs) - 1, last_index_of(limbs) + 3):
            high, low = gmpy2.fib2(k)
            doubled = limbs_of(_doubling(k, 2 * k + odd), high, low, cores)
            assert tuple(map(number, doubled)) == gmpy2.fib2(2 * k + odd)


@settings(deadline=None)
@given(operands, operands, st.integers(0, 1), st.integers(0, 1))
def test_a_doubling_step_is_that_of_plain_numbers(cores, one, other, k, odd):
    x, y = max(one, other, 2), max(min(one, other), 1)
    largest, smallest = 4 * x * x - y * y + 2 * (-1) ** k, x * x + y * y
    between = largest - smallest
    doubled = limbs_of(_doubling(k, 2 * k + odd), x, y, cores)
    assert list(map(number, doubled)) == ([largest, between] if odd else [between, smallest])


@settings(deadline=None)
@given(operands, operands, st.integers(0, 1), st.integers(0, 1))
def test_the_last_step_is_that_of_plain_numbers(cores, one, other, k, odd):
    x, y = max(one, other, 2), max(min(one, other), 1)
    expected = 4 * x * x - y * y + 2 * (-1) ** k if odd else x * x + 2 * x * y
    (limbs,) = limbs_of(_last_doubling(k, 2 * k + odd), x, y, cores)
    assert number(limbs) == expected


@settings(deadline=None)
@given(operands, operands, st.integers(0, 1), st.integers(0, 1), st.integers(1, 60))
def test_limbs_from_the_top_are_those_from_the_bottom(cores, one, other, k, odd, size):
    x, y = max(one, other, 2), max(min(one, other), 1)
    formulas = (_doubling(k, 2 * k + odd), _last_doubling(k, 2 * k + odd))
    for formula in formulas:
        expected = limbs_of(formula, x, y, cores)
        for limbs, value in zip(expected, coefficients(formula, x, y, cores), strict=True):
            groups = list(value.groups_from_top(size))
            assert [limb for group in reversed(groups) for limb in group] == limbs
            assert all(len(group) == size for group in groups[1:-1])


def test_a_carry_may_propagate_through_all_limbs(cores):
    """If all digits are nines, the lowest limb decides whether all others become zero."""
    nines = gmpy2.mpz(10) ** (40 * LIMB_DIGITS) - 1
    for formula in (lambda x, y: (x * y + 1,), lambda x, y: (x * y - 1,)):
        (limbs,) = limbs_of(formula, nines, gmpy2.mpz(1), cores)
        for size in (1, 3, 7, 40):
            (value,) = coefficients(formula, nines, gmpy2.mpz(1), cores)
            groups = list(value.groups_from_top(size))
            assert [limb for group in reversed(groups) for limb in group] == limbs


@pytest.mark.parametrize("limb", [BASE // 2, BASE - 2, BASE - 1])
@pytest.mark.parametrize("odd", [0, 1])
def test_two_cores_give_the_same_result_as_one(limb, odd, cores):
    # Equal limbs are the extreme: the largest products, and the largest differences of products.
    operand = number([limb] * SMALLEST_ON_TWO_CORES)
    for other in (operand, gmpy2.mpz(1)):
        (limbs,) = limbs_of(_last_doubling(0, odd), operand, other, cores)
        x, y = operand, other
        assert number(limbs) == (4 * x * x - y * y + 2 if odd else x * x + 2 * x * y)


def test_leading_zeros_are_dropped():
    limbs = [gmpy2.mpz(limb) for limb in (3, 0, 7, 0, 0)]
    assert stripped(limbs) == [3, 0, 7]


def test_other_threads_run_during_a_product(cores):
    """Otherwise two threads would take as long as one."""
    operand = gmpy2.mpz(3) ** 10_000_000
    computing = cores.submit(without_gil, lambda x, y: (x * y,), operand, operand + 1)
    looks = 0
    while not computing.done():
        looks += 1
        time.sleep(0.001)
    assert looks > 5
