import dataclasses
from itertools import pairwise

import gmpy2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import ResultInvalid, ResultWrong
from shared.functions.digit_blocks import BLOCK_DIGITS
from shared.functions.factorial import factorial
from shared.functions.fibonacci import fibonacci, residue
from shared.functions.verification import DigitsCheck, DigitsResidue, random_prime

PRIME = 2**61 - 1


def residue_of(pieces, modulus=PRIME):
    found = DigitsResidue(modulus)
    for piece in pieces:
        found.feed(piece.encode())
    return found.value


def verified_text(pieces, n=1000, function=fibonacci):
    check = DigitsCheck(function, function.bind({"n": n}), random_prime())
    pieces = [pieces] if isinstance(pieces, str) else list(pieces)
    for piece in pieces:
        check.feed(piece.encode())
    check.finish()
    return "".join(pieces)


def test_random_primes_are_primes_of_61_bits_and_differ():
    primes = {random_prime() for _ in range(50)}
    assert len(primes) == 50
    assert all(gmpy2.is_prime(prime) and prime.bit_length() == 61 for prime in primes)


@given(st.integers(0, 10**3000), st.lists(st.integers(0, 3001), max_size=5))
def test_value_does_not_depend_on_the_pieces(value, cuts):
    text = gmpy2.mpz(value).digits()
    edges = [0, *sorted(cuts), len(text)]
    pieces = [text[start:end] for start, end in pairwise(edges)]
    assert residue_of(pieces) == value % PRIME


# Long enough for many blocks.
LONG = gmpy2.fib(2_000_000).digits()


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, len(LONG)),
    st.integers(0, 300_000),
    st.lists(st.integers(0, 300_000), max_size=6),
    st.sampled_from([PRIME, 2**61 + 15, 2**60 + 33, 1_000_000_007]),
)
def test_value_of_many_digits_does_not_depend_on_the_pieces(start, length, cuts, modulus):
    text = "7" + LONG[start : start + length]
    edges = [0, *sorted(cuts), len(text)]
    pieces = [text[start:end] for start, end in pairwise(edges)]
    assert residue_of(pieces, modulus) == gmpy2.mpz(text) % modulus


@pytest.mark.parametrize("blocks", [3, 4, 5])
@pytest.mark.parametrize("beside", [-1, 0, 1])
def test_values_around_whole_numbers_of_blocks_are_right(blocks, beside):
    text = LONG[: blocks * BLOCK_DIGITS + beside]
    assert residue_of([text]) == residue_of([text[:70_000], text[70_000:]])
    assert residue_of([text]) == gmpy2.mpz(text) % PRIME


def test_the_value_can_be_read_between_pieces():
    found = DigitsResidue(PRIME)
    for start in range(0, len(LONG), 100_000):
        found.feed(LONG[start : start + 100_000].encode())
        assert found.value == gmpy2.mpz(LONG[: start + 100_000]) % PRIME


def test_the_largest_digits_do_not_overflow_their_sum():
    """More blocks of nines than one sum can hold, modulo a prime of the most bits."""
    prime = int(gmpy2.next_prime(2**61 + 2**10))
    digits = 20_000_000
    assert residue_of(["9" * digits], prime) == (pow(10, digits, prime) - 1) % prime


@pytest.mark.parametrize("wrong", ["a", "F", "/", ":", " ", "٣"])
def test_one_wrong_character_among_many_digits_is_refused(wrong):
    with pytest.raises(ValueError):
        residue_of([LONG[:150_000] + wrong + LONG[150_000:]])


def test_digits_one_at_a_time_give_the_same_value():
    text = fibonacci(5000)
    assert residue_of(text) == residue_of([text]) == residue(5000, PRIME)


@pytest.mark.parametrize(
    "piece", ["1_0", " 1", "1\n", "+1", "-1", "1.0", "1e5", "٣", "²", "0x1", "\0"]
)
@pytest.mark.parametrize("before", ["", "7"])
def test_anything_but_ascii_digits_is_refused(before, piece):
    with pytest.raises(ValueError):
        residue_of([before, piece])


@pytest.mark.parametrize("pieces", [["01"], ["0", "1"], ["0", "0"], ["00"], ["", "0", "", "5"]])
def test_leading_zero_is_refused(pieces):
    with pytest.raises(ValueError, match="leading zero"):
        residue_of(pieces)


def test_zero_alone_is_right():
    assert verified_text(["0"], n=0) == "0"


@pytest.mark.parametrize("n", [0, 1, 1000, 700_000])
def test_right_digits_pass_unchanged(n):
    digits = fibonacci(n)
    assert verified_text(digits, n) == gmpy2.fib(n).digits()


@given(st.integers(1, 208), st.integers(1, 9))
def test_one_wrong_digit_is_refused(position, difference):
    text = gmpy2.fib(1000).digits()
    digit = str((int(text[position]) + difference) % 10)
    with pytest.raises(ResultWrong):
        verified_text([text[:position] + digit + text[position + 1 :]])


@pytest.mark.parametrize("pieces", [[], "", [""], ["4", "x"], ["04"]])
def test_what_is_no_number_is_no_result(pieces):
    with pytest.raises(ResultInvalid):
        verified_text(pieces)


def test_another_number_is_a_wrong_result():
    with pytest.raises(ResultWrong, match="fibonacci"):
        verified_text("12")


@pytest.mark.parametrize("pieces", [[], [""], ["", ""]])
def test_no_digits_are_not_a_zero(pieces):
    with pytest.raises(ResultInvalid):
        verified_text(pieces, n=0)
    assert verified_text(["0"], n=0) == "0"


def test_missing_and_repeated_pieces_are_refused():
    text = "".join(factorial(1000))
    for pieces in ([text[:1000]], [text[1000:]], [text, text], [text[1000:], text[:1000]]):
        with pytest.raises(ResultWrong):
            verified_text(pieces, function=factorial)


def test_an_exception_in_compute_is_not_a_wrong_result():
    def pieces():
        yield "1"
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        verified_text(pieces())


def test_the_residue_does_not_depend_on_compute():
    broken = dataclasses.replace(fibonacci, implementation=lambda *_arguments, **_named: "55")
    with pytest.raises(ResultWrong):
        verified_text(broken(11), n=11, function=broken)
