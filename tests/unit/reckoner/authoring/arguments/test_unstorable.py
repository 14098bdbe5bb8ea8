"""Numbers and texts that arguments cannot keep unchanged are refused, all others are exact."""

import pytest

from reckoner.authoring.errors import ArgumentsFaulty
from tests.unit.shared.functions.identified import FUNCTIONS


@pytest.mark.parametrize("digits", [4_201, 4_250, 4_300])
def test_integers_are_exact_up_to_4300_digits(digits):
    function = FUNCTIONS["integer"]
    for n in (10 ** (digits - 1), 1 - 10**digits):
        bound = function.bind({"n": n})
        assert bound.values == {"n": n}
        assert bound.text == f'{{"n":{n}}}'
        assert function.bind_text(bound.text) == bound


@pytest.mark.parametrize(
    ("name", "arguments", "pointer", "words"),
    [
        ("integer", {"n": 10**4_300}, "/n", "more than 4,300 digits"),
        ("fractions", {"values": [1, -(10**5_000)]}, "/values/1", "more than 4,300 digits"),
        ("fraction", {"x": 1e400}, "/x", "less than about 1.8e308 in size."),
        ("fraction", {"x": -1e400}, "/x", "less than about 1.8e308 in size."),
        ("fraction", {"x": 10**400}, "/x", "less than about 1.8e308 in size."),
        (
            "fractions",
            {"values": [2**53 + 1]},
            "/values/0",
            "the nearest to 9007199254740993 is 9007199254740992.",
        ),
        ("fractions", {"values": [0.5, 1e400]}, "/values/1", "less than about 1.8e308 in size."),
        ("text", {"text": "a\0b"}, "/text", "NUL or lone surrogates"),
        ("text", {"text": "\ud800"}, "/text", "NUL or lone surrogates"),
        ("members", {"members": {"\udc00": 1}}, "/members", "NUL or lone surrogates"),
    ],
)
def test_what_cannot_be_kept_is_a_fault_at_its_place(name, arguments, pointer, words):
    with pytest.raises(ArgumentsFaulty) as raised:
        FUNCTIONS[name].bind(arguments)
    (fault,) = raised.value.faults
    assert fault.pointer == pointer
    assert words in fault.detail


def test_a_function_gets_the_members_of_an_object_in_the_order_of_the_canonical_text():
    bound = FUNCTIONS["members"].bind({"members": {"b": 1, "a": 2, "\U0001f600": 3, "\uff5e": 4}})
    assert list(bound.values["members"]) == ["a", "b", "\uff5e", "\U0001f600"]


def test_a_function_never_gets_minus_zero():
    bound = FUNCTIONS["fractions"].bind({"values": [-0.0]})
    assert repr(bound.values["values"]) == "[0.0]"
