"""Fibonacci numbers: their digits, lengths, residues and estimates."""

import random
from itertools import pairwise

import gmpy2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.functions.fibonacci import (
    MAX_N,
    SMALLEST_IN_LIMBS,
    START_BITS,
    digit_count,
    estimate,
    fibonacci,
    residue,
)
from shared.functions.verification import DigitsResidue
from tests.unit.shared.functions.fibonacci_numbers import PRIMES, agrees_with_gmp, computed


def test_first_numbers_are_those_of_a000045():
    expected = [0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597, 2584]
    assert [computed(n) for n in range(len(expected))] == [str(value) for value in expected]


def test_hundredth_number():
    assert computed(100) == "354224848179261915075"


@pytest.mark.parametrize("offset", [-1, 0, 1, 2, 3])
def test_gmp_and_limbs_agree_at_the_threshold(offset):
    n = SMALLEST_IN_LIMBS + offset
    assert computed(n) == gmpy2.fib(n).digits()


@pytest.mark.parametrize("power", [19, 20, 21])
@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_powers_of_two_and_their_neighbours(power, offset):
    n = 2**power + offset
    assert computed(n) == gmpy2.fib(n).digits()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2_000_000))
def test_agrees_with_gmp(n):
    assert computed(n) == gmpy2.fib(n).digits()


def test_many_numbers_agree_with_gmp():
    chosen = random.Random(20)
    numbers = [chosen.randint(SMALLEST_IN_LIMBS, 1_000_000) for _ in range(150)]
    assert [n for n in numbers if not agrees_with_gmp(n)] == []


@pytest.mark.slow
def test_some_of_the_next_decade_agree_with_gmp():
    chosen = random.Random(21)
    numbers = [10_000_000, *(chosen.randint(1_000_000, 10_000_000) for _ in range(5))]
    assert [n for n in numbers if computed(n) != gmpy2.fib(n).digits()] == []


@pytest.mark.parametrize("n", [20_000_001, 47_512_378])
def test_large_numbers_agree_with_their_residues(n):
    digits = computed(n)
    assert len(digits) == digit_count(n)
    for prime in PRIMES:
        found = DigitsResidue(prime)
        found.feed(digits.encode())
        assert found.value == residue(n, prime)


@given(st.integers(0, 100_000), st.integers(2, 2**62))
def test_residue_is_that_of_gmp(n, modulus):
    assert residue(n, modulus) == gmpy2.fib(n) % modulus


def test_residue_of_the_largest_argument_keeps_an_identity():
    # d'Ocagne: F(2n) = F(n)·(2F(n+1) - F(n))
    n, prime = MAX_N // 2, PRIMES[0]
    f, g = (residue(k, prime) for k in (n, n + 1))
    assert residue(MAX_N, prime) == f * (2 * g - f) % prime


@pytest.mark.parametrize("n", [5, SMALLEST_IN_LIMBS, 1_500_000, 4_000_000])
def test_progress_never_goes_back(n):
    fractions: list[float] = []
    computed(n, fractions.append)
    assert fractions == sorted(fractions)
    assert all(0 <= fraction <= 1 for fraction in fractions)


def test_large_numbers_come_in_pieces_and_report_progress():
    fractions: list[float] = []
    pieces = list(fibonacci(8_000_000, fractions.append))
    assert len(pieces) > 1
    assert len(set(fractions)) > 5


@pytest.mark.parametrize("limbs", [1, 2, 7])
def test_leading_zeros_are_dropped_from_pieces_of_any_length(monkeypatch, limbs):
    """The highest limbs may be zeros, and more of them than a piece has."""
    monkeypatch.setattr("shared.functions.fibonacci.PIECE_LIMBS", limbs)
    for n in (*range(SMALLEST_IN_LIMBS, SMALLEST_IN_LIMBS + 30_000, 1_500), 1_000_000):
        assert computed(n) == gmpy2.fib(n).digits()


def test_digit_count_is_exact_for_small_numbers():
    assert [digit_count(n) for n in range(2000)] == [
        len(gmpy2.fib(n).digits()) for n in range(2000)
    ]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 300_000))
def test_digit_count_is_exact(n):
    assert digit_count(n) == len(gmpy2.fib(n).digits())


def test_digit_counts_of_powers_of_ten_are_those_of_a068070():
    assert [digit_count(10**power) for power in range(11)] == [
        1, 2, 21, 209, 2090, 20899, 208988, 2089877, 20898764, 208987640, 2089876403,
    ]  # fmt: skip


def test_estimates_rise():
    estimates = [estimate(10**power) for power in range(11)]
    for smaller, larger in pairwise(estimates):
        assert smaller.seconds <= larger.seconds
        assert (smaller.digits or 0) <= (larger.digits or 0)
        assert smaller.bytes <= larger.bytes


def test_the_smallest_number_in_limbs_needs_a_doubling():
    assert SMALLEST_IN_LIMBS.bit_length() > START_BITS + 1
