"""Integers of any size from their digits.

CPython refuses more than 4,300 digits, as a limit of the whole process, which is not a library's to
change; and its own conversion takes a time that grows with the square of their number. Here short
pieces are converted and joined two by two, so that most of the work is the multiplication of long
integers (Karatsuba's): 10^5 digits take 10 ms, 10^6 a third of a second, 10^7 some 15 s.
"""

import sys

#: Below the lowest limit that CPython lets anybody set.
_PIECE_DIGITS = min(512, sys.int_info.str_digits_check_threshold)


def integer_from(digits: str) -> int:
    """Return the integer of decimal digits, with or without a sign. Raises ValueError."""
    body = digits.removeprefix("-")
    if not (body.isascii() and body.isdigit()):
        raise ValueError("These are not decimal digits.")
    value = int(body) if len(body) <= _PIECE_DIGITS else _joined(body)
    return value if body is digits else -value


def _joined(digits: str) -> int:
    """Join pieces to pieces of twice the length, until there is one."""
    first = len(digits) % _PIECE_DIGITS
    starts = range(first, len(digits), _PIECE_DIGITS)
    pieces = [int(digits[start : start + _PIECE_DIGITS]) for start in starts]
    if first:
        pieces.insert(0, int(digits[:first]))
    # 10^k is 5^k shifted by k bits: the factor has less than half of the bits.
    length, power = _PIECE_DIGITS, 5**_PIECE_DIGITS
    while len(pieces) > 1:
        # The last ones are complete, so an odd one is the first.
        odd = [pieces.pop(0)] if len(pieces) % 2 else []
        pairs = zip(pieces[::2], pieces[1::2], strict=True)
        pieces = odd + [((high * power) << length) + low for high, low in pairs]
        if len(pieces) > 1:
            length, power = 2 * length, power * power
    return pieces[0]
