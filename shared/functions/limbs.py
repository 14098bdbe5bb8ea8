"""Large numbers in base 10^LIMB_DIGITS: products on two cores, carries, and digits.

A product of two numbers is one GMP multiplication of the limbs, packed with room for the sums of
their products (Kronecker substitution). Evaluated at two points, it is two multiplications of half
the size, one for each core: Harvey, "Faster polynomial multiplication via multipoint Kronecker
substitution", 2009, section 3.1. A linear pass carries; the decimal digits need no conversion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from functools import partial

import gmpy2
from gmpy2 import mpz

# Shorter limbs cost steps in Python, longer ones division, which is quadratic at these sizes. From
# 150 to 600 digits the time differs by a few per cent.
LIMB_DIGITS = 300
BASE = mpz(10) ** LIMB_DIGITS

# From this many limbs on, handing a product to another thread costs far less than it saves. Smaller
# products belong to quick calculations, and the other core is computing others of those.
SMALLEST_ON_TWO_CORES = 1_000

# This many coefficients below another determine the carry into it, except once in 10^290 times:
# each divides the uncertainty by BASE, which is a few million times BASE^2 at first.
_FIRST_WINDOW = 4

Formula = Callable[[mpz, mpz], tuple[mpz, ...]]
"""From two numbers to others, by sums and at most one product in each term (see `_slot_bits`)."""


class Coefficients:
    """A value of a formula as a polynomial in BASE whose coefficients are not carried yet.

    They may exceed BASE or be negative. A lift of 2^(width - 2), which exceeds their absolute
    values, is added to make them positive, so that none borrows from the next slot; the carry
    subtracts it.
    They can be read once, by one of two methods.

    The carry out of the last one is one limb more, from 0 to 3: F(k) < BASE^L makes
    F(2k+1) ≤ 4F(k)² + 2 < 4·BASE^2L.
    """

    def __init__(self, plus: mpz, minus: mpz, half_width: int, slots: int) -> None:
        """Take the polynomial's values at 2^half_width and at its negative, and its slots."""
        self._at_points: tuple[mpz, ...] = (plus, minus)
        self._half_width = half_width
        self._slots = slots
        self._lift = mpz(1) << (2 * half_width - 2)

    def limbs(self) -> list[mpz]:
        """Return all limbs, least significant first."""
        limbs, carry = self._carried(self._lifted(), mpz(0))
        limbs.append(carry)
        return limbs

    def groups_from_top(self, size: int) -> Iterator[list[mpz]]:
        """Yield the limbs in groups of `size`, the most significant group first.

        Within a group the least significant limb is first. Only the last group may be smaller; the
        first also has the carry.
        """
        lifted = self._lifted()
        is_top = True
        while lifted:
            start = max(0, len(lifted) - size)
            group, carry = self._carried(lifted[start:], self._carry_into(lifted, start))
            del lifted[start:]
            if is_top:
                group.append(carry)
                is_top = False
            yield group

    def _lifted(self) -> list[mpz]:
        """Return the lifted coefficients, least significant first.

        The sum of the values at the two points holds the even ones, their difference the odd ones.
        """
        plus, minus = self._at_points
        self._at_points = ()
        width = 2 * self._half_width
        lifts = gmpy2.pack([self._lift] * self._slots, width)
        lifted: list[mpz] = [self._lift] * (2 * self._slots)
        lifted[::2] = gmpy2.unpack((plus + minus >> 1) + lifts, width)
        lifted[1::2] = gmpy2.unpack((plus - minus >> self._half_width + 1) + lifts, width)
        return lifted

    def _carried(self, lifted: Iterable[mpz], carry: mpz) -> tuple[list[mpz], mpz]:
        """Return the limbs of these coefficients and the carry out, given the carry in."""
        lift = self._lift
        carry -= lift
        limbs = []
        for slot in lifted:
            carry, limb = gmpy2.f_divmod(slot + carry, BASE)
            carry -= lift
            limbs.append(limb)
        return limbs, carry + lift

    def _carry_into(self, lifted: Sequence[mpz], index: int) -> mpz:
        """Return the carry into a coefficient, from as few coefficients below it as determine it.

        The absolute value of every carry is less than the lift, as those of the coefficients are,
        and the carry out of a coefficient never decreases when that into it grows. So if both
        bounds lead to the same carry, the right one does too.
        """
        window = _FIRST_WINDOW
        while window < index:
            below = lifted[index - window : index]
            least, most = (self._carried(below, bound)[1] for bound in (-self._lift, self._lift))
            if least == most:
                return least
            window *= 2
        return self._carried(lifted[:index], mpz(0))[1]


def evaluated(formula: Formula, pair: list[list[mpz]], cores: Executor) -> list[Coefficients]:
    """Apply a formula to two numbers in limbs, the first of which is no shorter; empty the pair.

    The limbs are coefficients of polynomials. The formula is evaluated at two points, 2^half_width
    and its negative, one on each core: two products of half the size.
    """
    slots = len(pair[0])
    half_width = _slot_bits(slots) // 2
    xs, ys = (_at_two_points(limbs, half_width) for limbs in pair)
    pair.clear()  # the products need its memory
    run = cores.map if slots >= SMALLEST_ON_TWO_CORES else map
    at_plus, at_minus = run(partial(without_gil, formula), xs, ys)
    return [
        Coefficients(plus, minus, half_width, slots)
        for plus, minus in zip(at_plus, at_minus, strict=True)
    ]


def without_gil(formula: Formula, x: mpz, y: mpz) -> tuple[mpz, ...]:
    """Apply the formula while other threads run."""
    with gmpy2.context(gmpy2.get_context(), allow_release_gil=True):
        return formula(x, y)


def split_into_limbs(value: mpz) -> list[mpz]:
    """Split a small number into limbs, least significant first."""
    limbs = []
    while value:
        value, limb = gmpy2.f_divmod(value, BASE)
        limbs.append(limb)
    return limbs


def stripped(limbs: list[mpz]) -> list[mpz]:
    """Drop leading zeros."""
    while not limbs[-1]:
        limbs.pop()
    return limbs


def digits_of(limbs: Iterable[mpz]) -> str:
    """Return the digits of limbs, least significant first, including leading zeros."""
    texts = [limb.digits().zfill(LIMB_DIGITS) for limb in limbs]
    texts.reverse()
    return "".join(texts)


def _slot_bits(limbs: int) -> int:
    """Return the bits of a slot, an even number, for products of L limbs, and a lift.

    A slot of a product sums at most L products of limbs: it is from 0 to L·(BASE - 1)². So those
    of x + y, 4x - y ± 2, 3x - 2y ± 2 and x + 2z, of squares x and y and a product z, are less
    than 4L·BASE² < 2^(bits - 2) from zero.
    """
    bits: int = 2 * BASE.bit_length() + limbs.bit_length() + 4
    return bits + bits % 2


def _at_two_points(limbs: list[mpz], half_width: int) -> tuple[mpz, mpz]:
    """Evaluate the polynomial with these coefficients at 2^half_width and at its negative."""
    even = gmpy2.pack(limbs[::2], 2 * half_width)
    odd = gmpy2.pack(limbs[1::2], 2 * half_width) << half_width
    return even + odd, even - odd
