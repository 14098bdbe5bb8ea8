import json
import math
import re
import struct
import sys
from collections import OrderedDict
from enum import IntEnum, StrEnum

import gmpy2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reckoner.canonical_json import canonical_json, fraction_text

#: RFC 8785, Appendix B: the bits of a double, and its text.
RFC_8785_NUMBERS = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]

#: Texts that would mislead a search for numbers.
MISLEADING = [",5.0,", "-0.0", "1e-07", '":1e+16,"', "\\", '\\"', "\\\\", '"', "\0\1", "é€😀"]

text = st.text(st.characters(codec="utf-8"), max_size=10) | st.sampled_from(MISLEADING)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.floats(1e-9, 1e-4)
    | st.floats(1e15, 1e22)
    | st.integers(-100, 100).map(float)
    | text
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4)
)


@pytest.mark.parametrize(("bits", "expected"), RFC_8785_NUMBERS)
def test_doubles_are_spelled_as_in_appendix_b_of_rfc_8785(bits: str, expected: str) -> None:
    [value] = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical_json([value, {"x": value}]) == f'[{expected},{{"x":{expected}}}]'


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_nan_and_infinities_are_refused_in_words(value: float) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{value} is not a number that JSON can hold.")):
        canonical_json({"x": [1.5, value]})


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(1e21)
@example(123456789012345680000.0)
@example(1e-6)
def test_a_spelled_double_is_read_back_as_the_same(value: float) -> None:
    spelled = fraction_text(value)
    assert float(spelled) == value
    # JavaScript writes an exponent from 1e21 on and below 1e-6, and no needless digits.
    assert ("e" in spelled) == (value != 0 and not 1e-6 <= abs(value) < 1e21)
    assert re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?(e[+-][1-9][0-9]*)?", spelled)
    mantissa, _, _ = repr(value).removesuffix(".0").partition("e")
    digits = mantissa.lstrip("-").replace(".", "").strip("0")
    assert spelled.partition("e")[0].lstrip("-").replace(".", "").strip("0") == digits


def _reference(value: object) -> str:
    """The same text, made plainly."""
    if isinstance(value, dict):
        members = (f"{json.dumps(name)}:{_reference(value[name])}" for name in sorted(value))
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_reference, value)) + "]"
    return fraction_text(value) if isinstance(value, float) else json.dumps(value)


@example([1.2345678901234567e16, -1.2345678901234567e-05])
@example([1e160, 1e16, {"1e+16": -1e20}])
@example(["-0.0", -0.0, 1e-5, -2.5e-06, 1e-9, '\\",5.0,"', 5.0])
@given(values)
def test_values_of_every_shape_have_the_text_of_a_plain_encoder(value: object) -> None:
    encoded = canonical_json(value)
    assert encoded == _reference(value)
    assert encoded.isascii()
    assert canonical_json(json.loads(encoded)) == encoded


@given(values, st.integers(min_value=4_300))
def test_a_long_integer_changes_nothing_around_it(value: object, zeros: int) -> None:
    long = 10 ** (zeros % 100 + 4_300)
    encoded = canonical_json([value, {"long": -long}, value])
    plain = _reference(value)
    assert encoded == f'[{plain},{{"long":-1{"0" * (zeros % 100 + 4_300)}}},{plain}]'


def test_integers_of_any_size_are_exact_and_the_limit_of_the_process_stays() -> None:
    limit = sys.get_int_max_str_digits()
    number = gmpy2.mpz(3) ** 200_000
    encoded = canonical_json({"n": int(number), "list": [int(-number)]})
    assert encoded == f'{{"list":[-{number}],"n":{number}}}'
    assert sys.get_int_max_str_digits() == limit


def test_members_are_in_the_order_of_code_points_and_not_of_utf_16_units() -> None:
    bmp, astral = "\uff5e", "\U0001f600"
    assert astral.encode("utf-16-be") < bmp.encode("utf-16-be")
    assert canonical_json({astral: 1, bmp: 2, "b": 3, "B": 4, "": 5}) == (
        '{"":5,"B":4,"b":3,"\\uff5e":2,"\\ud83d\\ude00":1}'
    )


def test_integers_and_fractions_that_are_equal_have_one_text() -> None:
    assert canonical_json([5, 5.0, 0, -0.0, True]) == "[5,5,0,0,true]"


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    SMALL = 1


class Metres(float):
    def __repr__(self) -> str:
        return "Metres"


def test_subclasses_have_the_text_of_what_they_are() -> None:
    value = OrderedDict({Colour.RED: Size.SMALL, "m": Metres(2.0), "t": (1, Metres(1e-7))})
    assert canonical_json(value) == '{"m":2,"red":1,"t":[1,1e-7]}'
    assert canonical_json([value, 10**5_000]).startswith('[{"m":2,"red":1,"t":[1,1e-7]},1000')


@pytest.mark.parametrize("around", [[], [10**5_000]])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({1, 2}, "A value of type set is not JSON."),
        (b"1", "A value of type bytes is not JSON."),
        ({"a": [object()]}, "A value of type object is not JSON."),
        ({1: 2}, "The name of a member must be text; 1 is none."),
        ({None: 2}, "The name of a member must be text; None is none."),
        ([{"a": {2.5: 2}}], "The name of a member must be text; 2.5 is none."),
        ([1, 2.5, ({"a": 1, True: 2.5},)], "The name of a member must be text; True is none."),
    ],
)
def test_what_is_not_json_is_refused_in_words(
    value: object, words: str, around: list[object]
) -> None:
    with pytest.raises(TypeError, match=f"^{re.escape(words)}$"):
        canonical_json([*around, value])


def test_a_value_that_contains_itself_is_refused_in_words() -> None:
    loop: list[object] = [1.5, 10**5_000]
    loop.append({"again": loop})
    with pytest.raises(ValueError, match="nested too deeply, or contains itself"):
        canonical_json(loop)
    with pytest.raises(ValueError, match="nested too deeply, or contains itself"):
        canonical_json(_deep(100_000))


def _deep(levels: int) -> list[object]:
    value: list[object] = []
    for _ in range(levels):
        value = [value]
    return value
