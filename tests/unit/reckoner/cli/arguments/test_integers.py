"""Integers of a command line: the forms of people, exactly."""

import tracemalloc

import pytest

from reckoner.cli.arguments.integers import MAX_DIGITS, NotWhole, parse_integer

EXACT = {
    "0": 0,
    "-0": 0,
    "+7": 7,
    "007": 7,
    "-12": -12,
    "100_000": 100_000,
    "1e8": 100_000_000,
    "1E+8": 100_000_000,
    "-2.5e1": -25,
    "1.5e3": 1500,
    "15.00": 15,
    "1500e-2": 15,
    "0e999999999999": 0,
    "0.000": 0,
    "1_000e1": 10_000,
    "9007199254740993": 2**53 + 1,
    "9.007199254740993e15": 2**53 + 1,
    "123456789012345678901234567890.5e1": 1234567890123456789012345678905,
    "1e4299": 10**4299,
    "-1e4299": -(10**4299),
}


@pytest.mark.parametrize("text", EXACT)
def test_an_integer_is_exact(text):
    assert parse_integer(text) == EXACT[text]


@pytest.mark.parametrize("text", ["1.5", "1.5e0", "15e-2", "1e-1", "1e-999999999999", "0.1"])
def test_a_fraction_is_none(text):
    with pytest.raises(NotWhole, match="it is a fraction"):
        parse_integer(text)


NO_NUMBERS = ["", "e5", "1_", "_1", "1__0", "1 0", " 1", "1\n", "0x10", "nan", "inf", "1e", "1."]
NO_NUMBERS += [".5", "٣", "1e1_0", "10**9", "--1"]


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(NotWhole, match="it is not a number"):
        parse_integer(text)


@pytest.mark.parametrize(
    "text", ["1e4300", "1e999999999", "1e99999999999999999999", f"1e{'9' * 5_000}", "9" * 4301]
)
def test_what_is_too_long_is_refused_before_memory_is_used(text):
    tracemalloc.start()
    with pytest.raises(NotWhole, match="more than 4,300 digits"):
        parse_integer(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000


def test_the_longest_integers_are_read():
    assert parse_integer("9" * MAX_DIGITS) == 10**MAX_DIGITS - 1
    assert parse_integer(f"1{'0' * 5_000}e-5000") == 1
