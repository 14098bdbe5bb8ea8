"""Computing within the calling process."""

import dataclasses
import hashlib

import gmpy2
import pytest

from reckoner import Residue
from shared.calculator import Calculator
from shared.errors import ResultWrong
from shared.functions.fibonacci import fibonacci, residue
from shared.result import ROW_BYTES
from tests.child_with_test_functions import REGISTRY
from tests.factories import make_arguments


@pytest.mark.parametrize("n", [0, 1, 1_000, 300_000])
def test_a_result_says_what_its_digits_are(n):
    computed = Calculator().compute(fibonacci, make_arguments({"n": n}))
    digits = gmpy2.fib(n).digits()
    assert computed.data == digits.encode()
    assert computed.length == len(digits)
    assert computed.sha256 == hashlib.sha256(digits.encode()).hexdigest()
    assert (computed.head, computed.tail) == (digits[:20], digits[-20:])
    assert computed.compute_seconds > 0


@pytest.mark.parametrize("length", [ROW_BYTES - 1, ROW_BYTES, ROW_BYTES + 1])
def test_short_results_are_whole_in_their_row_and_no_others(length):
    result = Calculator().compute(REGISTRY.get("whole"), make_arguments({"n": length}))
    assert result.text_in_row == ("7" * length if length <= ROW_BYTES else None)


def test_every_result_is_checked():
    calculator = Calculator()
    for _ in range(3):
        with pytest.raises(ResultWrong):
            calculator.compute(REGISTRY.get("wrong"), make_arguments({"n": 10}))
    right = calculator.compute(REGISTRY.get("whole"), make_arguments({"n": 10}))
    assert right.data == b"7777777777"


def test_a_new_prime_is_drawn_after_some_checks(monkeypatch):
    monkeypatch.setattr("shared.calculator._PRIME_USES", 3)
    primes = []

    def noting_residue(n, modulus):
        primes.append(modulus)
        return residue(n, modulus)

    function = dataclasses.replace(fibonacci, check=Residue(noting_residue))
    calculator = Calculator()
    for _ in range(9):
        calculator.compute(function, make_arguments({"n": 50}))
    assert len(set(primes)) == 4
    assert primes == sorted(primes, key=primes.index)  # none is used again later
