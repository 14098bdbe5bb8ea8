"""Fibonacci numbers, exact and in decimal, up to F(10^10).

Binary multiplication is fast and turning a huge binary number into decimal is slow: for
F(10^9) GMP spends nine tenths of its time there. So a large number is kept in base
10^LIMB_DIGITS from the start, and a square is one GMP multiplication of the limbs
laid out with room for their products (Kronecker substitution: Harvey, "Faster polynomial
multiplication via multipoint Kronecker substitution", 2009). A linear pass carries, and the
decimal digits need no conversion at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

import gmpy2
from gmpy2 import mpz

from shared.functions.registry import Arguments, Digits, Estimate, Function, Progress, interpolate

MAX_N = 10_000_000_000

# Measured: 150 to 600 digits differ by a few per cent. Shorter limbs cost Python steps,
# longer ones cost division, which is quadratic at these sizes.
LIMB_DIGITS = 300
BASE = mpz(10) ** LIMB_DIGITS

# Below this, GMP's own doubling and conversion take less time than limbs do.
SMALLEST_IN_LIMBS = 500_000

# Doubling in limbs starts from an index of at most this many bits, where a pair from GMP is cheap.
START_BITS = 14

# The carry and the digits of the last step, as a share of the work of that step.
LAST_PASS_SHARE = 0.2

PIECE_LIMBS = 3_500  # about a megabyte of digits

# floor(10^40 · log10 φ) and floor(10^40 · log10 √5).
LOG10_PHI = 2089876402499787337692720892375554168224
LOG10_SQRT_5 = 3494850021680094023931305526377534866159
LOG_SCALE = 10**40

# (n, seconds, bytes) of `compute`: processor time on an AMD EPYC (Zen 3, 2.4 GHz), CPython 3.11,
# gmpy2 2.3 and GMP 6.3; peak memory of the process and a seventh more.
MEASURED = (
    (10, 0.8e-6, 30e6),
    (1_000, 1.5e-6, 30e6),
    (10_000, 14e-6, 30e6),
    (100_000, 400e-6, 30e6),
    (500_000, 4.5e-3, 32e6),
    (1_000_000, 11e-3, 32e6),
    (10_000_000, 136e-3, 46e6),
    (30_000_000, 488e-3, 78e6),
    (100_000_000, 1.66, 175e6),
    (300_000_000, 5.7, 490e6),
    (1_000_000_000, 21.0, 1.31e9),
    (3_000_000_000, 68.0, 3.8e9),
)


def digit_count(n: int) -> int:
    """Count the decimal digits of F(n): floor(n·log10 φ - log10 √5) + 1 from n = 2 on.

    The error of the scaled logarithms, n/10^40, is far below the distance of F(n), n ≤ 10^10,
    from a power of ten. Source: OEIS A060384.
    """
    if n < 2:
        return 1
    return (n * LOG10_PHI - LOG10_SQRT_5) // LOG_SCALE + 1


def estimate(arguments: Arguments) -> Estimate:
    """Predict the cost of `compute`, from the measured rows."""
    n = arguments["n"]
    seconds, peak_bytes = interpolate(MEASURED, n)
    return Estimate(seconds=seconds, digits=digit_count(n), bytes=int(peak_bytes))


def compute(arguments: Arguments, progress: Progress) -> Digits:
    """Return F(n): from GMP if small, in pieces from limbs if large."""
    n = arguments["n"]
    if n < SMALLEST_IN_LIMBS:
        digits: str = gmpy2.fib(n).digits()
        return digits
    return _in_limbs(n, progress)


def _in_limbs(n: int, progress: Progress) -> Iterator[str]:
    """Yield the digits of F(n), most significant first, for n of more than START_BITS bits.

    Doubles the pair F(k), F(k-1) with two squarings a step, which two cores can do at once:
    F(2k+1) = 4F(k)² - F(k-1)² + 2(-1)^k, F(2k-1) = F(k)² + F(k-1)², and F(2k) is their
    difference. The last step needs one number and takes one product, a quarter less work:
    F(2k) = F(k)·(F(k) + 2F(k-1)), F(2k+1) = (2F(k) + F(k-1))·(2F(k) - F(k-1)) + 2(-1)^k.
    Source: GMP manual, "Fibonacci Numbers Algorithm".
    """
    steps = n.bit_length() - START_BITS
    k = n >> steps
    high, low = (_limbs(value) for value in gmpy2.fib2(k))
    with ThreadPoolExecutor(max_workers=1) as second_core:
        for step in range(steps - 1, 0, -1):
            # The work doubles with every step, so this is the share of those before it.
            progress((2.0 ** -(step + 1) - 2.0**-steps) * (1 - LAST_PASS_SHARE))
            next_k = n >> step
            high, low = _doubled(high, low, k, next_k, second_core)
            k = next_k
    progress(0.5 * (1 - LAST_PASS_SHARE))
    width, slots = _slot_bits(len(high)), 2 * len(high)
    x, y = gmpy2.pack(high, width), gmpy2.pack(low, width)
    del high, low
    limbs = _carried(_last_product(x, y, k, n), width, slots)
    del x, y
    yield from _digits(limbs, slots + 1, progress)


def _doubled(
    high: list[mpz], low: list[mpz], k: int, next_k: int, second_core: Executor
) -> tuple[list[mpz], list[mpz]]:
    """Turn F(k), F(k-1) into F(next_k), F(next_k - 1), where next_k is 2k or 2k+1."""
    width, slots = _slot_bits(len(high)), 2 * len(high)
    x, y = _squares(gmpy2.pack(high, width), gmpy2.pack(low, width), second_core)
    smaller = x + y
    larger = 4 * x - y + _sign(k)
    del x, y
    if next_k & 1:
        smaller = larger - smaller
    else:
        larger -= smaller
    high = _stripped(_carried(larger, width, slots))
    del larger
    return high, _stripped(_carried(smaller, width, slots))


def _last_product(x: mpz, y: mpz, k: int, n: int) -> mpz:
    return (2 * x + y) * (2 * x - y) + _sign(k) if n & 1 else x * (x + 2 * y)


def _sign(k: int) -> int:
    return -2 if k & 1 else 2


def _limbs(value: mpz) -> list[mpz]:
    """Split into limbs, least significant first."""
    limbs = []
    while value:
        value, limb = gmpy2.f_divmod(value, BASE)
        limbs.append(limb)
    return limbs


def _slot_bits(limbs: int) -> int:
    """Count the bits of a slot for products of so many limbs, L, with room for a lift.

    A slot of a product sums at most L products of limbs: it is from 0 to L·(BASE - 1)². So those
    of x + y, 4x - y ± 2, 3x - 2y ± 2 and x + 2z, of squares x and y and a product z, are less
    than 4L·BASE² < 2^(bits - 2) from zero.
    """
    limb_bits: int = BASE.bit_length()
    return 2 * limb_bits + limbs.bit_length() + 4


def _squares(x: mpz, y: mpz, second_core: Executor) -> tuple[mpz, mpz]:
    other = second_core.submit(_square, y)
    return _square(x), other.result()


def _square(x: mpz) -> mpz:
    with gmpy2.context(gmpy2.get_context(), allow_release_gil=True):
        return x * x


def _carried(packed: mpz, width: int, slots: int) -> Iterator[mpz]:
    """Yield proper limbs, least significant first, of slots that may exceed BASE or be negative.

    A multiple of BASE lifts every slot above zero, and comes off again with the carry. It is
    2^(width - 1) less at most BASE - 1, so slots less than 2^(width - 2) from zero stay below
    2^width, and none borrows from the next.

    The carry out of the last slot is one limb more, from 0 to 3: F(k) < BASE^L makes
    F(2k+1) ≤ 4F(k)² + 2 < 4·BASE^2L.
    """
    lift_carry = (mpz(1) << (width - 1)) // BASE
    packed += gmpy2.pack([mpz(1)] * slots, width) * (lift_carry * BASE)
    lifted = gmpy2.unpack(packed, width)
    del packed
    carry = mpz(0)
    for slot in lifted:
        carry, limb = gmpy2.f_divmod(slot + carry, BASE)
        carry -= lift_carry
        yield limb
    yield carry


def _stripped(limbs: Iterable[mpz]) -> list[mpz]:
    """Drop leading zeros."""
    kept = list(limbs)
    while not kept[-1]:
        kept.pop()
    return kept


def _digits(limbs: Iterable[mpz], count: int, progress: Progress) -> Iterator[str]:
    """Yield the digits of so many limbs, which come from the other end, in pieces."""
    texts = []
    for index, limb in enumerate(limbs):
        texts.append(limb.digits().zfill(LIMB_DIGITS))
        if index % PIECE_LIMBS == 0:
            progress(1 - LAST_PASS_SHARE * (1 - index / count))
    while not texts[-1].strip("0"):
        texts.pop()
    texts[-1] = texts[-1].lstrip("0")
    while texts:
        yield "".join(reversed(texts[-PIECE_LIMBS:]))
        del texts[-PIECE_LIMBS:]


def residue(arguments: Arguments, modulus: int) -> int:
    """F(n) modulo a number, by fast doubling of F(k), F(k+1) in plain integers.

    F(2k) = F(k)·(2F(k+1) - F(k)), F(2k+1) = F(k)² + F(k+1)². Source: OEIS A000045.
    """
    n: int = arguments["n"]
    f, g = 0, 1 % modulus
    for position in range(n.bit_length() - 1, -1, -1):
        f, g = f * (2 * g - f) % modulus, (f * f + g * g) % modulus
        if n >> position & 1:
            f, g = g, (f + g) % modulus
    return f


fibonacci = Function(
    name="fibonacci",
    version=1,
    summary="The n-th Fibonacci number, exact: F(0) = 0, F(1) = 1, F(n) = F(n-1) + F(n-2).",
    arguments_schema={
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "n": {
                "type": "integer",
                "minimum": 0,
                "maximum": MAX_N,
                "description": "Which Fibonacci number.",
            },
        },
        "required": ["n"],
        "additionalProperties": False,
    },
    estimate=estimate,
    compute=compute,
    residue=residue,
)
