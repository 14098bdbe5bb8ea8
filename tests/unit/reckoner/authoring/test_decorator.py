"""What the decorator reads of a function."""

import typing
from collections.abc import Iterator
from typing import Annotated

import pytest

import reckoner
from reckoner import (
    Digits,
    Function,
    Ge,
    MediaType,
    Progress,
    function,
)
from reckoner.authoring.results.kinds import ResultKind
from tests.unit.reckoner.authoring.samples import halve

OldTypedDict = typing.TypedDict("OldTypedDict", {"a": int})  # noqa: UP013


def test_name_texts_and_types_come_from_the_function():
    assert isinstance(halve, Function)
    assert (halve.name, halve.version, halve.summary) == ("halve", 1, "Halve a number.")
    assert halve.description == "Halve a number.\n\nOnce, or several times."
    assert halve.arguments_schema == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "x": {"type": "number", "description": "What is halved, in one or more steps."},
            "times": {"type": "integer", "default": 1, "description": "How often."},
        },
        "required": ["x"],
        "additionalProperties": False,
    }


def test_what_is_not_said_has_a_default():
    assert (halve.lane, halve.memory_bytes, halve.timeout_seconds) == (None, None, None)
    assert (halve.is_fresh, halve.check, halve.check_name) == (False, None, None)
    assert halve.estimate(halve.bind({"x": 1})) is None
    assert halve.size_argument is None


def test_a_function_is_called_as_it_was_and_with_bound_arguments():
    assert halve(3) == 1.5
    assert halve(x=3, times=2) == 0.75
    assert halve.call(halve.bind({"x": 3, "times": 2}), lambda _fraction: None) == 0.75


def test_examples_are_as_given_and_no_part_of_schema_fingerprint_or_id():
    def product(n: int, times: int = 1) -> int:
        return n * times

    shown = function(examples=[{"n": 2**70}, {"n": 3, "times": 2}])(product)
    plain = function(product)
    assert shown.examples == ({"n": 2**70}, {"n": 3, "times": 2})
    assert plain.examples == ()
    assert shown.arguments_schema == plain.arguments_schema
    assert shown.fingerprint == plain.fingerprint
    assert shown.bind({"n": 3}).text == plain.bind({"n": 3}).text


def test_progress_is_no_argument_and_may_be_left_out_in_a_call():
    @function
    def steps(n: int, report: Progress) -> int:
        report(0.5)
        return n

    fractions: list[float] = []
    assert list(steps.arguments_schema["properties"]) == ["n"]
    assert steps.call(steps.bind({"n": 3}), fractions.append) == 3
    assert steps(3) == steps(n=3) == steps(3, fractions.append) == 3
    with pytest.raises(TypeError):
        steps(3, fractions.append, 4)
    assert steps(n=3, report=fractions.append) == 3
    assert fractions == [0.5] * 3


def test_progress_may_be_optional():
    @function
    def steps(n: int, progress: Progress | None = None) -> int:
        if progress is not None:
            progress(0.5)
        return n

    fractions: list[float] = []
    assert steps.call(steps.bind({"n": 3}), fractions.append) == steps(3) == 3
    assert fractions == [0.5]
    assert list(steps.arguments_schema["properties"]) == ["n"]


def test_a_function_needs_no_arguments_and_no_docstring():
    @function
    def nothing() -> None: ...

    assert nothing.bind({}) == ({}, "{}")
    assert nothing.summary == "nothing"
    assert nothing.kind is ResultKind.JSON


@pytest.mark.parametrize(
    ("annotation", "kind", "media_type", "is_streamed"),
    [
        (Digits, "digits", "text/plain; charset=us-ascii", False),
        (Iterator[Digits], "digits", "text/plain; charset=us-ascii", True),
        (Digits | Iterator[Digits], "digits", "text/plain; charset=us-ascii", True),
        (str, "text", "text/plain; charset=utf-8", False),
        (Iterator[str], "text", "text/plain; charset=utf-8", True),
        (Annotated[str, MediaType("text/csv")], "text", "text/csv", False),
        (Annotated[Iterator[str], MediaType("text/csv")], "text", "text/csv", True),
        (bytes, "bytes", "application/octet-stream", False),
        (Annotated[bytes, MediaType("image/png")], "bytes", "image/png", False),
        (
            Annotated[bytes, MediaType("text/csv; charset=utf-16")],
            "bytes",
            "text/csv; charset=utf-16",
            False,
        ),
        (
            Annotated[str, MediaType("text/csv; charset=UTF-8")],
            "text",
            "text/csv; charset=UTF-8",
            False,
        ),
        (Iterator[Annotated[bytes, MediaType("image/png")]], "bytes", "image/png", True),
        (dict[str, float], "json", "application/json", False),
        (float | None, "json", "application/json", False),
        (str | None, "json", "application/json", False),
        (list[int] | str, "json", "application/json", False),
    ],
)
def test_the_return_annotation_decides_on_kind_and_media_type(
    annotation, kind, media_type, is_streamed
):
    def produce(): ...

    produce.__annotations__["return"] = annotation
    found = function(produce)
    assert (found.kind, found.media_type, found.is_streamed) == (kind, media_type, is_streamed)
    assert found.has_own_media_type is ("csv" in media_type or "png" in media_type)


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ("512MiB", 2**29),
        ("1.5 GB", 1_500_000_000),
        ("64kB", 64_000),
        (2**20, 2**20),
        ("1048576", 2**20),
    ],
)
def test_memory_is_a_number_of_bytes_or_has_a_unit(given, size):
    @function(memory=given, timeout=5, fresh=True)
    def limited(n: int) -> int:
        return n

    assert (limited.memory_bytes, limited.timeout_seconds, limited.is_fresh) == (size, 5.0, True)
    assert limited.needs_process


def test_each_name_that_is_exported_is_there():
    assert all(getattr(reckoner, name) is not None for name in reckoner.__all__)
    with pytest.raises(AttributeError):
        _ = reckoner.nothing_of_this_name


@pytest.mark.parametrize("style", ["google", "numpy", "sphinx"])
def test_arguments_are_described_in_any_style(style):
    docstring = {
        "google": "Sum.\n\nArgs:\n    n (int): How many.\n",
        "numpy": "Sum.\n\nParameters\n----------\nn : int\n    How many.\n",
        "sphinx": "Sum.\n\n:param n: How many.\n:returns: it\n",
    }[style]

    def total(n: Annotated[int, Ge(0)]) -> int:
        return n

    total.__doc__ = docstring
    found = function(total)
    assert found.arguments_schema["properties"]["n"]["description"] == "How many."
    assert found.summary == found.description == "Sum."
