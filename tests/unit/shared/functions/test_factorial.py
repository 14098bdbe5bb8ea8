import math
import random

import gmpy2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.functions.factorial import MAX_N, digit_count, estimate, factorial, residue
from shared.functions.verification import DigitsResidue

PRIME = 2**61 - 1


def computed(n, progress=lambda _fraction: None):
    return factorial(n, progress)


def test_first_factorials_are_those_of_a000142():
    expected = [1, 1, 2, 6, 24, 120, 720, 5040, 40320, 362880, 3628800]
    assert [computed(n) for n in range(11)] == [str(value) for value in expected]


@settings(deadline=None)
@given(st.integers(0, 1400))
def test_agrees_with_the_standard_library(n):
    assert computed(n) == str(math.factorial(n))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 20_000))
def test_residue_agrees(n):
    assert residue(n, PRIME) == gmpy2.mpz(computed(n)) % PRIME


def test_large_numbers_agree_with_their_residues():
    chosen = random.Random(20)
    for n in (chosen.randint(20_000, 300_000) for _ in range(12)):
        digits = computed(n)
        assert len(digits) == digit_count(n), n
        found = DigitsResidue(PRIME)
        found.feed(digits.encode())
        assert found.value == residue(n, PRIME), n


def test_residue_keeps_wilsons_theorem():
    # (p-1)! ≡ -1 modulo a prime p; Lagrange, 1771.
    assert residue(100_002, 100_003) == 100_002


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 30_000))
def test_digit_count_is_exact(n):
    assert digit_count(n) == len(computed(n))


@pytest.mark.parametrize(("n", "digits"), [(10**5, 456574), (10**6, 5565709), (10**7, 65657060)])
def test_digit_counts_of_powers_of_ten_are_those_of_a061010(n, digits):
    assert digit_count(n) == digits


def test_progress_never_goes_back():
    fractions: list[float] = []
    computed(50_000, fractions.append)
    assert fractions
    assert fractions == sorted(fractions)
    assert all(0 <= fraction <= 1 for fraction in fractions)


def test_estimates_rise():
    estimates = [estimate(n) for n in (0, 1, 10, 1000, 10**5, 10**6, MAX_N)]
    assert [e.seconds for e in estimates] == sorted(e.seconds for e in estimates)
    assert [e.bytes for e in estimates] == sorted(e.bytes for e in estimates)
