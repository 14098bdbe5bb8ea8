import pytest

from reckoner_examples.roman_numeral import roman_numeral


@pytest.mark.parametrize(
    ("n", "numeral"),
    [(1, "I"), (4, "IV"), (1994, "MCMXCIV"), (2026, "MMXXVI"), (3999, "MMMCMXCIX")],
)
def test_numeral(n, numeral):
    assert roman_numeral(n=n) == numeral
