"""Integers as people write them, such as 1e8 and 100_000, exactly and at any size.

Digits are moved as text and never pass through a float, so nothing is rounded. How long the integer
would be is known before it is made: `1e999999999` costs nothing.
"""

import re

#: As many digits as the service takes in a JSON integer (docs/reference/calculations.md, "The id").
MAX_DIGITS = 4300

_INTEGER = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>[0-9]+(?:_[0-9]+)*)"
    r"(?:\.(?P<fraction>[0-9]+))?(?:[eE](?P<exponent>[+-]?[0-9]+))?"
)

#: More digits than this in an exponent: no integer that anybody could store.
_EXPONENT_DIGITS = 9


class NotWhole(ValueError):
    """Raised when text is not a whole number; the message says why."""


def parse_integer(text: str) -> int:
    """Return the integer that a text such as `-12`, `100_000`, `1e8` or `1.5e3` stands for.

    Raises NotWhole for other text, for fractions such as 1.5, and beyond MAX_DIGITS.
    """
    found = _INTEGER.fullmatch(text)
    if found is None:
        raise NotWhole("it is not a number")
    fraction = found["fraction"] or ""
    digits = (found["whole"].replace("_", "") + fraction).lstrip("0")
    if not digits:
        return 0
    exponent = _exponent(found["exponent"] or "0") - len(fraction)
    if len(digits) + exponent > MAX_DIGITS:
        raise NotWhole(f"it has more than {MAX_DIGITS:,} digits")
    if exponent < 0:
        whole, rest = digits[:exponent], digits[exponent:]
        if rest.strip("0"):
            raise NotWhole("it is a fraction")
    else:
        whole = digits + "0" * exponent
    return int(found["sign"] + whole)


def _exponent(text: str) -> int:
    digits = text.lstrip("+-").lstrip("0") or "0"
    if len(digits) > _EXPONENT_DIGITS:  # larger than any number of digits on a command line
        digits = "9" * _EXPONENT_DIGITS
    return -int(digits) if text.startswith("-") else int(digits)
