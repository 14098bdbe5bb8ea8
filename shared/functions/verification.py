"""The check of all digits before they are stored: their value modulo a random prime.

An accidental error passes the check once in about 2^60 times. The worst error that 2.1·10^9 digits
could have is a multiple of at most 1.2·10^8 of the 2.7·10^16 primes of 61 bits.
"""

from __future__ import annotations

import secrets

import gmpy2
from gmpy2 import mpz, powmod

from reckoner.authoring.arguments.bound import BoundArguments
from reckoner.authoring.definition import Function
from reckoner.authoring.results.checks import Residue
from shared.errors import ResultInvalid, ResultWrong
from shared.functions.author_code import call_author
from shared.functions.digit_blocks import BLOCK_DIGITS, BlocksResidue
from shared.functions.encoding import not_digits

PRIME_BITS = 61

# GMP's conversion is quadratic; from 400 to 1,000 digits per step it differs by a few per cent.
STEP_DIGITS = 500

# Fewer blocks take longer than the same digits in steps (measured).
_FEWEST_BLOCKS = 4

#: A result may be one piece; it is copied in slices.
_SLICE_DIGITS = 64 * BLOCK_DIGITS


def random_prime() -> int:
    """Draw an unpredictable prime of 61 bits: 2^60 < prime < 2^61 + 2^10."""
    top_bit = 1 << (PRIME_BITS - 1)
    return int(gmpy2.next_prime(top_bit | secrets.randbits(PRIME_BITS - 1)))


class DigitsFormat:
    """Whether a stream of bytes is a number in decimal digits."""

    def __init__(self) -> None:
        self._leading = b""

    def feed(self, piece: bytes) -> None:
        """Append digits.

        Raises ValueError for anything but ASCII 0 to 9 and for a leading zero in a longer number.
        """
        # GMP would accept white space, a sign and underscores.
        if not piece.isdigit():
            if not piece:
                return
            raise ValueError("a result has something other than digits in it")
        if not self._leading:
            self._leading = piece[:1]
            has_leading_zero = self._leading == b"0" and len(piece) > 1
        else:
            has_leading_zero = self._leading == b"0"
        if has_leading_zero:
            raise ValueError("a result has a leading zero")

    @property
    def is_empty(self) -> bool:
        """Whether no digits have been fed, which is not the same as a zero."""
        return not self._leading


class DigitsResidue(DigitsFormat):
    """The value of a stream of decimal digits modulo a prime of at most 62 bits, not 2 or 5."""

    def __init__(self, modulus: int) -> None:
        self._leading = b""
        self._modulus = modulus
        self._blocks: BlocksResidue | None = None  # a short result needs none
        self._rest = bytearray()

    def feed(self, piece: bytes) -> None:
        """Append digits. Raises ValueError as DigitsFormat does."""
        DigitsFormat.feed(self, piece)
        for start in range(0, len(piece), _SLICE_DIGITS):
            self._rest += piece[start : start + _SLICE_DIGITS]
            if len(self._rest) >= _FEWEST_BLOCKS * BLOCK_DIGITS:
                self._take_blocks()

    def _take_blocks(self) -> None:
        """Process all whole blocks; less than a block remains."""
        if self._blocks is None:
            self._blocks = BlocksResidue(self._modulus)
        whole = len(self._rest) - len(self._rest) % BLOCK_DIGITS
        with memoryview(self._rest) as digits:
            for start in range(0, whole, BLOCK_DIGITS):
                self._blocks.add(digits[start : start + BLOCK_DIGITS])
        del self._rest[:whole]

    @property
    def value(self) -> int:
        """The digits so far modulo the prime."""
        modulus, rest = self._modulus, bytes(self._rest)
        if self._blocks is None and 0 < len(rest) <= STEP_DIGITS:  # as of most quick calculations
            return int(mpz(rest) % modulus)
        value = mpz(0) if self._blocks is None else self._blocks.value
        step_factor = powmod(10, STEP_DIGITS, modulus)
        whole = len(rest) - len(rest) % STEP_DIGITS
        for start in range(0, whole, STEP_DIGITS):
            value = (value * step_factor + mpz(rest[start : start + STEP_DIGITS])) % modulus
        if last := rest[whole:]:
            value = (value * powmod(10, len(last), modulus) + mpz(last)) % modulus
        return int(value)


class DigitsCheck:
    """The check of the digits of one result: that they are digits, and their author's Residue.

    They are verified only once `finish` has returned.
    """

    def __init__(self, function: Function, bound: BoundArguments, modulus: int) -> None:
        self._function = function
        self._bound = bound
        self._modulus = modulus
        self._residue = function.check if isinstance(function.check, Residue) else None
        self._found = DigitsFormat() if self._residue is None else DigitsResidue(modulus)

    def feed(self, piece: bytes) -> None:
        """Append digits. Raises ResultInvalid as soon as something is not a digit."""
        try:
            self._found.feed(piece)
        except ValueError as error:
            raise not_digits() from error

    def finish(self) -> None:
        """Raise ResultInvalid for no digits, ResultWrong if their residue is another."""
        found, residue = self._found, self._residue
        if found.is_empty:
            raise ResultInvalid(
                "The function returned no digits, not even a zero. Return at least one digit."
            )
        if residue is None or not isinstance(found, DigitsResidue):
            return
        if found.value != call_author(lambda: residue.of(self._bound.values, self._modulus)):
            raise ResultWrong(
                f"The digits that {self._function.name} returned did not pass their check: their "
                "residue is wrong. Report this to the function's author."
            )
