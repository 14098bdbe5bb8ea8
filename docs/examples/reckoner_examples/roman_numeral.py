"""Text, in the quick lane: `lane="quick"` is the author's word that it takes milliseconds."""

from typing import Annotated

from reckoner import Ge, Le, function

SYMBOLS = {
    1000: "M",
    900: "CM",
    500: "D",
    400: "CD",
    100: "C",
    90: "XC",
    50: "L",
    40: "XL",
    10: "X",
    9: "IX",
    5: "V",
    4: "IV",
    1: "I",
}


@function(lane="quick", examples=[{"n": 1_994}])
def roman_numeral(n: Annotated[int, Ge(1), Le(3999)]) -> str:
    """The Roman numeral of n.

    Args:
        n: The number to write.
    """
    text = ""
    for value, symbol in SYMBOLS.items():
        text += symbol * (n // value)
        n %= value
    return text
