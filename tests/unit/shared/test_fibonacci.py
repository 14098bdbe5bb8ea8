import random
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import gmpy2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.functions.fibonacci import (
    MAX_N,
    SMALLEST_IN_LIMBS,
    START_BITS,
    _doubling,
    _last_doubling,
    digit_count,
    fibonacci,
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
from shared.functions.verification import DigitsResidue

PRIMES = (2**61 - 1, 1_000_000_007, 2_305_843_009_213_693_921)

# On the way to each of them a doubling needs more than twice the limbs of its operand.
OUTGROWING = (
    643176, 689076, 703395, 706266, 723500, 735083, 746471, 861305, 872790, 895774, 918735,
    950298, 964692, 987636, 1828819, 4076805, 11943536,
)  # fmt: skip

# The largest and smallest limbs fill, carry and borrow the most; a run of one of them does at once.
extreme_limbs = st.sampled_from([0, 1, BASE // 10, BASE // 2, BASE - 2, BASE - 1])
operands = (
    st.lists(extreme_limbs | st.integers(0, BASE - 1), min_size=1, max_size=40)
    | st.builds(lambda limb, length: [limb] * length, extreme_limbs, st.integers(1, 130))
).map(lambda chosen: number([gmpy2.mpz(limb) for limb in chosen]))


def number(limbs):
    return gmpy2.mpz("".join(limb.digits().zfill(LIMB_DIGITS) for limb in reversed(limbs)))


def computed(n, progress=lambda _fraction: None):
    digits = fibonacci.compute({"n": n}, progress)
    return digits if isinstance(digits, str) else "".join(digits)


def test_first_numbers_are_those_of_a000045():
    expected = [0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597, 2584]
    assert [computed(n) for n in range(len(expected))] == [str(value) for value in expected]


def test_hundredth_number():
    assert computed(100) == "354224848179261915075"


@pytest.mark.parametrize("offset", [-1, 0, 1, 2, 3])
def test_both_ways_meet_at_the_threshold(offset):
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


def agrees_with_gmp(n):
    found = DigitsResidue(PRIMES[0])
    found.feed(computed(n))
    return found.value == gmpy2.fib(n) % PRIMES[0]


def test_many_numbers_agree_with_gmp():
    chosen = random.Random(20)
    numbers = [chosen.randint(SMALLEST_IN_LIMBS, 1_000_000) for _ in range(150)]
    assert [n for n in numbers if not agrees_with_gmp(n)] == []


@pytest.mark.parametrize("n", OUTGROWING)
def test_numbers_that_outgrow_two_operands_agree_with_gmp(n):
    related = (n, 2 * n, 2 * n + 1) if n < 2_000_000 else (n,)
    assert [m for m in related if not agrees_with_gmp(m)] == []


def last_index_of(limbs):
    """Find the last k whose F(k) fits so many limbs. Twice as many never hold F(2k+1)."""
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
    """Return the limbs of each value of the formula, as proper as limbs must be."""
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


def test_a_carry_may_come_all_the_way_up(cores):
    """With nines all over, only the lowest limb decides whether all the others are zero."""
    nines = gmpy2.mpz(10) ** (40 * LIMB_DIGITS) - 1
    for formula in (lambda x, y: (x * y + 1,), lambda x, y: (x * y - 1,)):
        (limbs,) = limbs_of(formula, nines, gmpy2.mpz(1), cores)
        for size in (1, 3, 7, 40):
            (value,) = coefficients(formula, nines, gmpy2.mpz(1), cores)
            groups = list(value.groups_from_top(size))
            assert [limb for group in reversed(groups) for limb in group] == limbs


@pytest.mark.parametrize("limb", [BASE // 2, BASE - 2, BASE - 1])
@pytest.mark.parametrize("odd", [0, 1])
def test_two_cores_give_what_one_gives(limb, odd, cores):
    # Limbs all alike are the extreme: the largest products, and the largest differences of them.
    operand = number([limb] * SMALLEST_ON_TWO_CORES)
    for other in (operand, gmpy2.mpz(1)):
        (limbs,) = limbs_of(_last_doubling(0, odd), operand, other, cores)
        x, y = operand, other
        assert number(limbs) == (4 * x * x - y * y + 2 if odd else x * x + 2 * x * y)


def test_leading_zeros_are_dropped():
    limbs = [gmpy2.mpz(limb) for limb in (3, 0, 7, 0, 0)]
    assert stripped(limbs) == [3, 0, 7]


def test_others_run_during_a_product(cores):
    """Without this, two threads take as long as one."""
    operand = gmpy2.mpz(3) ** 10_000_000
    computing = cores.submit(without_gil, lambda x, y: (x * y,), operand, operand + 1)
    looks = 0
    while not computing.done():
        looks += 1
        time.sleep(0.001)
    assert looks > 5


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
        found.feed(digits)
        assert found.value == fibonacci.residue({"n": n}, prime)


@given(st.integers(0, 100_000), st.integers(2, 2**62))
def test_residue_is_that_of_gmp(n, modulus):
    assert fibonacci.residue({"n": n}, modulus) == gmpy2.fib(n) % modulus


def test_residue_of_the_largest_argument_keeps_an_identity():
    # d'Ocagne: F(2n) = F(n)·(2F(n+1) - F(n))
    n, prime = MAX_N // 2, PRIMES[0]
    f, g = (fibonacci.residue({"n": k}, prime) for k in (n, n + 1))
    assert fibonacci.residue({"n": MAX_N}, prime) == f * (2 * g - f) % prime


@pytest.mark.parametrize("n", [5, SMALLEST_IN_LIMBS, 1_500_000, 4_000_000])
def test_progress_never_goes_back(n):
    fractions: list[float] = []
    computed(n, fractions.append)
    assert fractions == sorted(fractions)
    assert all(0 <= fraction <= 1 for fraction in fractions)


def test_large_numbers_come_in_pieces_and_report_progress():
    fractions: list[float] = []
    pieces = list(fibonacci.compute({"n": 8_000_000}, fractions.append))
    assert len(pieces) > 1
    assert len(set(fractions)) > 5


@pytest.mark.parametrize("limbs", [1, 2, 7])
def test_leading_zeros_go_however_short_the_pieces(monkeypatch, limbs):
    """The highest limbs that there is room for may be zeros, and more of them than a piece has."""
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
    estimates = [fibonacci.estimate({"n": 10**power}) for power in range(11)]
    for smaller, larger in pairwise(estimates):
        assert smaller.seconds <= larger.seconds
        assert smaller.digits <= larger.digits
        assert smaller.bytes <= larger.bytes


def test_doubling_starts_above_nothing():
    assert SMALLEST_IN_LIMBS.bit_length() > START_BITS + 1
