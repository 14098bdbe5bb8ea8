"""Arguments from JSON to what a function gets, and to their one canonical text."""

import datetime as dt
import decimal
import json
from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator

from reckoner import Ge, Le, MinLen, MultipleOf
from reckoner.authoring.arguments import fault_sentences
from reckoner.authoring.arguments.binding import MAX_CHARACTERS, Arguments
from reckoner.authoring.errors import ArgumentsFaulty
from reckoner.authoring.faults import Fault
from reckoner.authoring.signature import Parameter
from tests.unit.reckoner.authoring.arguments.types import (
    Cat,
    Colour,
    Dog,
    Line,
    Model,
    Options,
    Pet,
    Point,
    Tree,
    faults_of,
    of_one,
)

ZONE = dt.timezone(dt.timedelta(hours=2))
ID = "633c8518-213a-513b-a7e0-93f891953e0d"


@pytest.mark.parametrize(
    ("annotation", "given_value", "value", "text"),
    [
        (int, 2**70, 2**70, str(2**70)),
        (Annotated[int, Ge(0), Le(2**70)], 2**70, 2**70, str(2**70)),
        (float, 5, 5.0, "5"),
        (float, -0.0, 0.0, "0"),
        (float, 1e22, 1e22, "1e+22"),
        (float, 10**22, 1e22, "1e+22"),
        (Annotated[float, MultipleOf(0.5)], 1.5, 1.5, "1.5"),
        (bool, True, True, "true"),
        (str, "é\u2028", "é\u2028", '"\\u00e9\\u2028"'),
        (Annotated[str, MinLen(2)], "ab", "ab", '"ab"'),
        (dt.date, "2026-11-26", dt.date(2026, 11, 26), '"2026-11-26"'),
        (dt.time, "10:30", dt.time(10, 30), '"10:30:00"'),
        (
            dt.datetime,
            "2026-11-26T10:30:00.123456789+02:00",
            dt.datetime(2026, 11, 26, 10, 30, 0, 123456, ZONE),
            '"2026-11-26T10:30:00.123456+02:00"',
        ),
        (dt.timedelta, "PT90S", dt.timedelta(seconds=90), '"PT1M30S"'),
        (decimal.Decimal, "1.50", decimal.Decimal("1.50"), '"1.50"'),
        (UUID, ID.upper(), UUID(ID), f'"{ID}"'),
        (Colour, "red", Colour.RED, '"red"'),
        (Colour, 1, Colour.ONE, "1"),
        (Literal["a", 2], 2, 2, "2"),
        (list[float], [1, 2.5], [1.0, 2.5], "[1,2.5]"),
        (tuple[int, str], [1, "a"], (1, "a"), '[1,"a"]'),
        (tuple[int, ...], [1, 2], (1, 2), "[1,2]"),
        (dict[str, float], {"b": 1, "a": 2}, {"a": 2.0, "b": 1.0}, '{"a":2,"b":1}'),
        (Mapping[str, int], {"a": 1}, {"a": 1}, '{"a":1}'),
        (Point, {"x": 3}, Point(3.0, 1.0), '{"x":3,"y":1}'),
        (
            Line,
            {"start": {"x": 0}},
            Line(Point(0.0, 1.0)),
            '{"end":null,"name":"","start":{"x":0,"y":1}}',
        ),
        (Options, {"depth": 2}, {"depth": 2}, '{"depth":2}'),
        (
            Model,
            {"day": "2026-11-26"},
            Model(day=dt.date(2026, 11, 26)),
            '{"day":"2026-11-26","weights":[]}',
        ),
        (Pet, {"kind": "dog", "age": 3}, Dog(kind="dog", age=3), '{"age":3,"kind":"dog"}'),
        (Pet, {"kind": "cat", "lives": 9}, Cat(kind="cat", lives=9), '{"kind":"cat","lives":9}'),
        (int | None, None, None, "null"),
        (float | None, 3, 3.0, "3"),
        (int | str, "a", "a", '"a"'),
        (bool | int, 1, 1, "1"),
        (bool | int, True, True, "true"),
        (Literal["auto"] | float, "auto", "auto", '"auto"'),
        (Annotated[list[int], AfterValidator(sorted)], [3, 1], [1, 3], "[1,3]"),
    ],
)
def test_values_are_normalised_and_have_one_text(annotation, given_value, value, text):
    arguments = of_one(annotation)
    bound = arguments.bind({"x": given_value})
    assert bound.values == {"x": value}
    assert type(bound.values["x"]) is type(value)
    assert bound.text == f'{{"x":{text}}}'
    assert arguments.bind(json.loads(bound.text)) == bound
    assert arguments.bind_text(bound.text) == bound


def test_fractions_within_objects_are_fractions_even_if_they_are_defaults():
    point = of_one(Point).bind({"x": {"x": 3}}).values["x"]
    assert [type(point.x), type(point.y)] == [float, float]


def test_the_canonical_text_of_a_large_fraction_is_read_again():
    """RFC 8785 writes 17 digits at most, and zeros, so that the text is another integer."""
    bound = of_one(float).bind({"x": 4.117420405989674e16})
    assert bound.text == '{"x":41174204059896740}'
    assert int(bound.values["x"]) == 41174204059896736
    assert of_one(float).bind(json.loads(bound.text)) == bound


def test_what_refers_to_itself_is_read():
    bound = of_one(Tree).bind({"x": {"value": 1, "children": [{"value": 2}]}})
    assert bound.values["x"] == Tree(value=1, children=[Tree(value=2)])
    assert bound.text == '{"x":{"children":[{"children":[],"value":2}],"value":1}}'


@pytest.mark.parametrize(
    ("annotation", "default", "text"),
    [
        (float, 5, "5"),
        (float, -0.0, "0"),
        (int, 5, "5"),
        (Annotated[int, Ge(0), Le(9)], 5, "5"),
        (int | None, None, "null"),
        (Colour, Colour.RED, '"red"'),
        (dt.date, dt.date(2026, 11, 26), '"2026-11-26"'),
        (tuple[int, ...], (1, 2), "[1,2]"),
        (Point, Point(1), '{"x":1,"y":1}'),
    ],
)
def test_defaults_are_filled_in_and_shown(annotation, default, text):
    arguments = of_one(annotation, default)
    bound = arguments.bind({})
    assert bound.text == f'{{"x":{text}}}'
    assert bound.values == {"x": default}
    assert arguments.bind({"x": json.loads(text)}) == bound
    assert arguments.bind_text(bound.text) == bound
    assert arguments.schema["required"] == []
    assert arguments.schema["properties"]["x"]["default"] == json.loads(text)


def test_names_of_a_models_own_methods_can_be_arguments():
    names = ["copy", "json", "model_config", "self", "cls", "schema", "_private"]
    arguments = Arguments("f", tuple(Parameter(name, float) for name in names))
    bound = arguments.bind(dict.fromkeys(names, 1))
    assert bound.values == dict.fromkeys(names, 1.0)


def test_an_authors_validator_of_bounded_integers_is_applied():
    arguments = of_one(Annotated[int, Ge(0), Le(9), AfterValidator(lambda n: n // 2 * 2)])
    assert arguments.bind({"x": 5}) == ({"x": 4}, '{"x":4}')
    assert arguments.bind_text('{"x":4}').values == {"x": 4}


def test_a_validator_of_the_authors_that_never_settles_is_told():
    arguments = of_one(Annotated[int, AfterValidator(lambda n: n + 1)])
    (fault,) = faults_of(arguments, {"x": 1})
    assert "changes these arguments each time" in fault.detail


MIXED = Arguments(
    "f",
    (
        Parameter("n", int),
        Parameter("x", float, 0.5),
        Parameter("line", Line | None, None),
        Parameter("table", dict[str, list[float]]),
        Parameter("options", Options),
        Parameter("choice", Literal["a", "b"] | int | None),
    ),
)
FRACTIONS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
POINTS = st.fixed_dictionaries({"x": FRACTIONS}, optional={"y": FRACTIONS})
VALID = st.fixed_dictionaries(
    {
        "n": st.integers(),
        "table": st.dictionaries(TEXT, st.lists(FRACTIONS, max_size=3), max_size=3),
        "options": st.fixed_dictionaries(
            {"depth": st.integers(0)}, optional={"colour": st.sampled_from(["red", 1])}
        ),
        "choice": st.sampled_from(["a", "b", None]) | st.integers(),
    },
    optional={
        "x": FRACTIONS,
        "line": st.none()
        | st.fixed_dictionaries(
            {"start": POINTS}, optional={"end": st.none() | POINTS, "name": TEXT}
        ),
    },
)


@settings(deadline=None, max_examples=50)
@given(VALID)
def test_binding_again_changes_nothing(arguments):
    bound = MIXED.bind(arguments)
    assert MIXED.bind(json.loads(bound.text)) == bound
    assert MIXED.bind_text(bound.text) == bound


@settings(deadline=None, max_examples=50)
@given(VALID, st.randoms())
def test_the_order_of_members_changes_nothing(arguments, chosen):
    def shuffled(value):
        if isinstance(value, dict):
            names = list(value)
            chosen.shuffle(names)
            return {name: shuffled(value[name]) for name in names}
        return value

    bound = MIXED.bind(shuffled(arguments))
    assert bound == MIXED.bind(arguments)
    assert list(bound.values["table"]) == sorted(bound.values["table"])


@settings(deadline=None, max_examples=50)
@given(st.integers(-(2**40), 2**40) | st.booleans() | st.floats(), st.integers(0, 2**70))
def test_the_quick_check_of_integers_agrees_with_the_validator(n, most):
    quick = of_one(Annotated[int, Ge(0), Le(most)])
    slow = Arguments(
        "f", (Parameter("x", Annotated[int, Ge(0), Le(most)]), Parameter("y", str, "a"))
    )
    found = faults_of(quick, {"x": n})
    assert found == faults_of(slow, {"x": n})
    if not found:
        assert quick.bind({"x": n}).values["x"] == slow.bind({"x": n}).values["x"]


def test_arguments_that_are_too_long_are_refused_before_their_faults_are_looked_for():
    arguments = of_one(list[int])
    with pytest.raises(ArgumentsFaulty, match=r"up to 196,608 characters") as caught:
        arguments.bind({"x": ["wrong"] * 30_000})
    assert [fault.pointer for fault in caught.value.faults] == [""]
    assert caught.value.count == arguments.count_faults({"x": ["wrong"] * 30_000}) == 1


def test_defaults_count_for_the_length_of_arguments():
    parameters = (Parameter("x", str), Parameter("y", str, "y" * (MAX_CHARACTERS - 16)))
    arguments = Arguments("f", parameters)
    assert len(arguments.bind({"x": "a"}).text) == MAX_CHARACTERS
    assert [fault.pointer for fault in faults_of(arguments, {"x": "aa"})] == [""]


def test_fractions_count_as_the_canonical_text_spells_them():
    assert len(of_one(list[float]).bind({"x": [5.0] * 90_000}).text) == 180_007


def test_of_more_faults_than_pydantic_describes_in_a_moment_there_is_one_sentence():
    arguments = of_one(list[int])
    (fault,) = caught_of(arguments, {"x": ["a"] * 10_001}).faults
    assert fault == Fault("", "The arguments have more than 10,000 faults, too many to list.")
    assert caught_of(arguments, {"x": ["a"] * 10_001}).count == 10_001
    assert len(caught_of(arguments, {"x": ["a"] * 10_000}).faults) == 100


def test_many_faults_that_are_only_counted_are_not_described(monkeypatch):
    arguments = of_one(list[int | str])
    monkeypatch.setattr(fault_sentences, "without_other_choices", None)
    assert arguments.count_faults({"x": [None] * 1_000}) == 2_000


def caught_of(arguments, given_value):
    with pytest.raises(ArgumentsFaulty) as caught:
        arguments.bind(given_value)
    return caught.value
