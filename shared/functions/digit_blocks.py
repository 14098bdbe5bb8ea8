"""Long runs of decimal digits modulo a prime, by arithmetic on many small numbers at once.

A block is one large GMP integer of equal slots. Neighbouring digits are merged to numbers of 2, 4,
8 and 16 digits in slots of 8 to 64 bits, in passes at the speed of memory. Blocks are then added
up, each with its own weight modulo the prime, and only the slots of the sum are reduced one by one.
That is twice as fast as GMP's conversion of some hundred digits at a time.
"""

from __future__ import annotations

from binascii import unhexlify
from functools import cache

import gmpy2
from gmpy2 import mpz

#: Longer blocks are a few per cent faster to add, but their sum takes longer to reduce.
BLOCK_DIGITS = 2**14

#: A slot of the sum has 128 bits. What a block adds to it is less than 2·10^16·2^62 < 2^117, with
#: two halves of 16 digits and weights of 62 bits.
_SUMMED_BLOCKS = 2**10

_SLOT_DIGITS = 32


class BlocksResidue:
    """The value of a stream of whole blocks modulo a prime of at most 62 bits, but not 2 or 5."""

    def __init__(self, modulus: int) -> None:
        self._modulus = modulus
        self._block_factor = gmpy2.powmod(10, BLOCK_DIGITS, modulus)
        self._block_divisor = gmpy2.invert(self._block_factor, modulus)
        self._half_slot_factor = gmpy2.powmod(10, _SLOT_DIGITS // 2, modulus)
        self._value = mpz(0)
        self._start_sum()

    def _start_sum(self) -> None:
        self._sum = mpz(0)
        self._count = 0
        self._weight = mpz(1)

    def add(self, block: bytes | memoryview) -> None:
        """Append BLOCK_DIGITS digits, in ASCII."""
        merged = _merged(block)
        low = merged & _low_halves(128)
        high = merged >> 64 & _low_halves(128)
        self._sum += high * (self._weight * self._half_slot_factor % self._modulus)
        self._sum += low * self._weight
        # Each is the last divided by a block's factor: how many blocks will follow is not known.
        self._weight = self._weight * self._block_divisor % self._modulus
        self._count += 1
        if self._count == _SUMMED_BLOCKS:
            self._reduce()

    @property
    def value(self) -> mpz:
        """The digits so far modulo the prime."""
        self._reduce()
        return self._value

    def _reduce(self) -> None:
        """Add the sum to the value and start a new one."""
        if not self._count:
            return
        factor = mpz(10) ** _SLOT_DIGITS % self._modulus
        found = mpz(0)
        for slot in reversed(gmpy2.unpack(self._sum, 128)):
            found = (found * factor + slot) % self._modulus
        # In the sum the first block has the weight 1; now it is followed by all the others.
        found *= gmpy2.powmod(self._block_factor, self._count - 1, self._modulus)
        before = self._value * gmpy2.powmod(self._block_factor, self._count, self._modulus)
        self._value = (before + found) % self._modulus
        self._start_sum()


def _merged(block: bytes | memoryview) -> mpz:
    """Return a block's digits as 16 in each slot of 64 bits, the last digits in the lowest.

    At first a slot is one digit of four bits. A pair of slots has the value high·2^(bits/2) + low
    and must become high·10^(digits/2) + low: the difference of the factors is subtracted.
    """
    merged = mpz.from_bytes(unhexlify(block), "big")
    for bits in (8, 16, 32, 64):
        half = bits // 2
        excess = 2**half - 10 ** (bits // 8)
        merged -= (merged >> half & _low_halves(bits)) * excess
    return merged


@cache
def _low_halves(bits: int) -> mpz:
    """Return the mask of the low half of each slot of `bits` bits in a block."""
    slots = BLOCK_DIGITS * 4 // bits
    mask: mpz = gmpy2.pack([(1 << bits // 2) - 1] * slots, bits)
    return mask
