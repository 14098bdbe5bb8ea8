"""What the right results are, by ways that share no code with the functions of the service."""

import hashlib
from dataclasses import dataclass
from random import SystemRandom

import gmpy2

#: Up to here GMP's own Fibonacci numbers are converted and compared digit by digit.
_COMPARED_WHOLE_N = 1_000_000

_PIECE_DIGITS = 100_000

#: Functions of the tests whose result is n times the digit 7.
_SEVENS = frozenset({"slow", "talk", "fork_and_forget"})


@dataclass(frozen=True)
class Wanted:
    """A calculation that was accepted, and the status that it must come to."""

    function: str
    n: int
    status: str = "succeeded"


def is_right(wanted: Wanted, digits: str) -> bool:
    """Return whether these are the digits."""
    if wanted.function in _SEVENS:
        return digits == "7" * wanted.n
    assert wanted.function == "fibonacci"
    if wanted.n <= _COMPARED_WHOLE_N:
        return bool(digits == gmpy2.fib(wanted.n).digits())
    return len(digits) == _digit_count(wanted.n) and _has_right_residues(wanted.n, digits)


def sha256_of(digits: str) -> str:
    return hashlib.sha256(digits.encode("ascii")).hexdigest()


def _digit_count(n: int) -> int:
    """Count the digits of F(n) = φ^n / √5, rounded."""
    with gmpy2.context(precision=200):
        phi = (1 + gmpy2.sqrt(gmpy2.mpfr(5))) / 2
        logarithm = n * gmpy2.log10(phi) - gmpy2.log10(gmpy2.mpfr(5)) / 2
        return int(gmpy2.floor(logarithm)) + 1


def _has_right_residues(n: int, digits: str) -> bool:
    for _ in range(2):
        prime = int(gmpy2.next_prime(SystemRandom().randrange(2**60, 2**61)))
        residue = 0
        for start in range(0, len(digits), _PIECE_DIGITS):
            piece = digits[start : start + _PIECE_DIGITS]
            residue = (residue * pow(10, len(piece), prime) + int(gmpy2.mpz(piece))) % prime
        if residue != _fibonacci_modulo(n, prime):
            return False
    return True


def _fibonacci_modulo(n: int, prime: int) -> int:
    """F(n) as an entry of ((1, 1), (1, 0))^n, by repeated squaring."""
    power, square = (1, 0, 0, 1), (1, 1, 1, 0)
    while n:
        if n & 1:
            power = _product(power, square, prime)
        square = _product(square, square, prime)
        n >>= 1
    return power[1]


def _product(
    left: tuple[int, int, int, int], right: tuple[int, int, int, int], prime: int
) -> tuple[int, int, int, int]:
    a, b, c, d = left
    e, f, g, h = right
    return (
        (a * e + b * g) % prime,
        (a * f + b * h) % prime,
        (c * e + d * g) % prime,
        (c * f + d * h) % prime,
    )
