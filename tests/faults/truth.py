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


#: How many different bytes `stripes` has, one after the other.
_STRIPES = 251


@dataclass(frozen=True)
class Wanted:
    """A calculation that was accepted, and the status that it must come to."""

    function: str
    n: int
    status: str = "succeeded"


def is_right(wanted: Wanted, result: bytes) -> bool:
    """Return whether this is the result."""
    n = wanted.n
    if wanted.function == "members":
        half = f"{n // 2}.5" if n % 2 else f"{n // 2}"  # as RFC 8785 spells it
        text = f'{{"digits":[{",".join(str(n))}],"half":{half},"power":{n**20}}}'
        return result == text.encode()
    if wanted.function == "stripes":
        return result == (bytes(range(_STRIPES)) * (n // _STRIPES + 1))[:n]
    digits = result.decode("ascii")
    if wanted.function in _SEVENS:
        return digits == "7" * n
    assert wanted.function == "fibonacci"
    if n <= _COMPARED_WHOLE_N:
        return bool(digits == gmpy2.fib(n).digits())
    return len(digits) == _digit_count(n) and _has_right_residues(n, digits)


def sha256_of(result: bytes) -> str:
    return hashlib.sha256(result).hexdigest()


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
