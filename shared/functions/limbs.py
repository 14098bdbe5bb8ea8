"""Large numbers in base 10^LIMB_DIGITS: products on two cores, carries, and digits.

A product of two numbers is one GMP multiplication of the limbs laid out with room for their
products (Kronecker substitution). Laid out at two points, it is two multiplications of half the
size, one for each core: Harvey, "Faster polynomial multiplication via multipoint Kronecker
substitution", 2009, section 3.1. A linear pass carries, and the decimal digits need no conversion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from functools import partial

import gmpy2
from gmpy2 import mpz

# Measured: 150 to 600 digits differ by a few per cent. Shorter limbs cost Python steps,
# longer ones cost division, which is quadratic at these sizes.
LIMB_DIGITS = 300
BASE = mpz(10) ** LIMB_DIGITS

# From operands of so many limbs on, handing a product to another thread costs far less than it
# saves. Smaller products belong to quick calculations, of which others run on the other core.
SMALLEST_ON_TWO_CORES = 1_000

# So many coefficients below another tell the carry into it, but for once in 10^290 times: each
# takes the factor BASE off what is not known, which is BASE^2 times a few million at first.
_FIRST_LOOK = 4

Formula = Callable[[mpz, mpz], tuple[mpz, ...]]
"""From two numbers to others, by sums and at most one product in each term (see `_slot_bits`)."""


class Coefficients:
    """A value of a formula as a polynomial in BASE whose coefficients are not carried yet.

    They may exceed BASE or be negative. A lift of 2^(width - 2), from which they are less away than
    it is high, makes them positive, so that none borrows from the next slot; it comes off with the
    carry. They can be read once, by one of two methods.

    The carry out of the last one is one limb more, from 0 to 3: F(k) < BASE^L makes
    F(2k+1) ≤ 4F(k)² + 2 < 4·BASE^2L.
    """

    def __init__(self, plus: mpz, minus: mpz, half_width: int, slots: int) -> None:
        """Take the polynomial's values at 2^half_width and at its negative, of so many slots."""
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
        """Yield the limbs in groups of so many, the most significant group first.

        Within a group the least significant limb is first. Only the last group may be smaller, and
        the first has the carry as well.
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
        """Return the limbs of these coefficients, given the carry into them, and that out."""
        lift = self._lift
        carry -= lift
        limbs = []
        for slot in lifted:
            carry, limb = gmpy2.f_divmod(slot + carry, BASE)
            carry -= lift
            limbs.append(limb)
        return limbs, carry + lift

    def _carry_into(self, lifted: Sequence[mpz], index: int) -> mpz:
        """Return the carry into a coefficient, from the few below it that decide.

        Every carry is less than the lift away from zero, as the coefficients are, and the larger
        the carry into one, the larger, if anything, that out of it. So where the two bounds lead
        to the same carry, the right one leads there too.
        """
        look = _FIRST_LOOK
        while look < index:
            below = lifted[index - look : index]
            least, most = (self._carried(below, bound)[1] for bound in (-self._lift, self._lift))
            if least == most:
                return least
            look *= 2
        return self._carried(lifted[:index], mpz(0))[1]


def evaluated(formula: Formula, pair: list[list[mpz]], cores: Executor) -> list[Coefficients]:
    """Apply a formula to two numbers in limbs, of which the first is no shorter; empty the pair.

    The limbs are the coefficients of polynomials. The formula is computed at two points,
    2^half_width and its negative, one on each core: two products of half the size.
    """
    slots = len(pair[0])
    half_width = _slot_bits(slots) // 2
    xs, ys = (_at_two_points(limbs, half_width) for limbs in pair)
    pair.clear()  # memory that the products need
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
    """Return the digits, leading zeros included, of limbs that have the least significant first."""
    texts = [limb.digits().zfill(LIMB_DIGITS) for limb in limbs]
    texts.reverse()
    return "".join(texts)


def _slot_bits(limbs: int) -> int:
    """Count the bits of a slot, an even number, for products of so many limbs, L, and a lift.

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
