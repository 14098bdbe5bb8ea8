import pytest

from reckoner_examples.pi import has_digits_of_mpfr, pi


@pytest.mark.parametrize("n", [1, 2, 14, 50])
def test_digits_are_those_of_pi(n):
    assert pi(n=n) == "31415926535897932384626433832795028841971693993751"[:n]


def test_there_are_exactly_n_digits():
    assert [len(pi(n=n)) for n in range(1, 200)] == list(range(1, 200))


def test_both_formulas_agree_on_many_digits():
    assert has_digits_of_mpfr(pi(n=20_000), n=20_000)


def test_the_check_finds_a_wrong_digit():
    assert not has_digits_of_mpfr("3141592654", n=10)
