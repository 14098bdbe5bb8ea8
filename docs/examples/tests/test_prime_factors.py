import math

import pytest

from reckoner_examples.prime_factors import multiply_to_n, prime_factors


def test_factors_with_exponents():
    assert prime_factors(n=360) == {"2": 3, "3": 2, "5": 1}


def test_one_has_no_factors():
    assert prime_factors(n=1) == {}


@pytest.mark.parametrize("n", [2, 97, 2**40, 10**14, 9_999_991])
def test_their_product_is_n(n):
    factors = prime_factors(n=n)
    assert math.prod(int(prime) ** k for prime, k in factors.items()) == n


def test_the_check_finds_a_wrong_exponent():
    assert multiply_to_n({"2": 3, "3": 2, "5": 1}, n=360)
    assert not multiply_to_n({"2": 2, "3": 2, "5": 1}, n=360)
