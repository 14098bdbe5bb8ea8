"""What the decorator reads of a function, and what it refuses, in a sentence."""

import datetime as dt
import functools
import typing
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import numpy as np
import pytest

import reckoner
from reckoner import (
    CalculationFailed,
    Digits,
    Estimate,
    Function,
    FunctionInvalid,
    Ge,
    Le,
    MediaType,
    Progress,
    Residue,
    function,
)
from reckoner.authoring.results.kinds import ResultKind

OldTypedDict = typing.TypedDict("OldTypedDict", {"a": int})  # noqa: UP013


@function
def halve(x: float, *, times: int = 1) -> float:
    """Halve a number.

    Once, or several times.

    Args:
        x: What is halved,
            in one or more steps.
        times: How often.

    Returns:
        What is left.
    """
    return x / (1 << times)


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


def plain(n: int) -> int:
    return n


def digits(n: int) -> Digits:
    return str(n)


def stream(n: int) -> Iterator[str]:
    yield str(n)


def residue(n: int, modulus: int) -> int:
    return n % modulus


def is_good(result: object, n: int) -> bool:
    return True


def of_result_alone(result: object) -> bool:
    return True


def of_m(m: int, modulus: int) -> int:
    return m


def of_nothing() -> Estimate:
    return Estimate(1, 1)


def of_two(n: int, m: int) -> Estimate:
    return Estimate(1, 1)


def constant(**_arguments: object) -> Estimate:
    return Estimate(1, 1)


@pytest.mark.parametrize(
    ("implementation", "options", "words"),
    [
        (
            plain,
            {"name": "Plain"},
            "cannot be the name of a function; use at most 63 lower-case letters",
        ),
        (plain, {"name": "a-b"}, "cannot be the name"),
        (lambda n: n, {}, "A function without a name cannot be offered; write it with `def`."),
        (functools.partial(plain), {}, "Only a function that is written with `def`"),
        (functools.partial(plain), {"name": "part"}, "Only a function that is written"),
        (halve, {}, "Only a function that is written"),
        (plain, {"name": "n" * 64}, "at most 63 lower-case letters"),
        (plain, {"version": 0}, "version must be an integer of at least 1; it is 0."),
        (plain, {"version": True}, "version must be an integer"),
        (plain, {"version": "1"}, "version must be an integer"),
        (plain, {"version": 2**31}, "version must be at most 2,147,483,647."),
        (plain, {"lane": "fast"}, 'lane must be "quick" or "heavy"'),
        (plain, {"lane": "quick", "memory": "1GB"}, "memory cannot be limited with lane="),
        (plain, {"lane": "quick", "timeout": 5}, "timeout cannot be limited with lane="),
        (plain, {"lane": "quick", "fresh": True}, "fresh=True needs a process"),
        (plain, {"lane": "quick", "check": "recompute"}, "needs two processes"),
        (plain, {"memory": "512 cats"}, "text such as '512MiB' or '2GB'; it is '512 cats'"),
        (plain, {"memory": -1}, "memory must be"),
        (plain, {"memory": True}, "memory must be"),
        (plain, {"memory": 1.5}, "memory must be"),
        (plain, {"timeout": 0}, "timeout must be a number of seconds above 0"),
        (plain, {"timeout": "1 h"}, "timeout must be"),
        (plain, {"timeout": float("inf")}, "timeout must be"),
        (plain, {"fresh": 1}, "fresh must be True or False"),
        (plain, {"check": "residue"}, 'check must be a Residue, a function or "recompute"'),
        (plain, {"check": Residue(residue)}, "A Residue checks decimal digits"),
        (digits, {"check": Residue(plain)}, "The function of the Residue must take"),
        (digits, {"check": Residue(of_m)}, "(n, modulus)"),
        (stream, {"check": is_good}, "A predicate needs the whole result"),
        (plain, {"check": of_result_alone}, "here `(result, n)`"),
        (plain, {"check": plain}, "check must take"),
        (plain, {"estimate": of_nothing}, "estimate must take"),
        (plain, {"estimate": of_two}, "estimate must take"),
        (plain, {"estimate": Estimate(1, 1)}, "estimate must be a function"),
        (plain, {"size_argument": "m"}, "size_argument='m' is none of its arguments: n."),
    ],
)
def test_options_that_cannot_be_honoured_are_refused(implementation, options, words):
    with pytest.raises(FunctionInvalid) as caught:
        function(**options)(implementation)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def untyped(n) -> int:
    return 1


def without_return(n: int):
    return n


def with_args(*n: int) -> int:
    return len(n)


def with_kwargs(**n: int) -> int:
    return len(n)


def positional(n: int, /) -> int:
    return n


async def asynchronous(n: int) -> int:
    return n


async def asynchronous_stream(n: int) -> AsyncIterator[str]:
    yield str(n)


def undefined(n: "Missing") -> int:  # type: ignore[name-defined]  # noqa: F821
    return 1


def two_progresses(n: int, first: Progress, second: Progress | None = None) -> int:
    return n


def list_stream() -> Iterator[int]:
    yield 1


def mixed() -> str | Iterator[bytes]:
    return ""


def array() -> np.ndarray:
    return np.zeros(1)


def a_set() -> set[int] | None:
    return {1}


def nested_bytes() -> list[dict[str, bytes]]:
    return [{"a": b""}]


def durations() -> dict[str, dt.timedelta]:
    return {}


def old_typed_dict() -> OldTypedDict:
    return {"a": 1}


def json_with_media_type() -> Annotated[dict[str, int], MediaType("text/csv")]:
    return {}


def long_media_type() -> Annotated[bytes, MediaType("image/" + "x" * 195)]:
    return b""


def utf_16() -> Annotated[str, MediaType("text/csv; header=present; Charset=UTF-16")]:
    return ""


def utf_16_pieces() -> Iterator[Annotated[str, MediaType("text/csv;charset=latin-1")]]:
    yield ""


def wrong_media_type() -> Annotated[bytes, MediaType("png\r\nX: y")]:
    return b""


@pytest.mark.parametrize(
    ("implementation", "words"),
    [
        (untyped, "The argument n has no annotation; give it a type such as `n: int`."),
        (without_return, "It does not say what it returns"),
        (with_args, "It takes *n; name each argument"),
        (with_kwargs, "It takes **n; name each argument"),
        (positional, "The argument n is positional-only"),
        (asynchronous, "It is async"),
        (asynchronous_stream, "It is async"),
        (undefined, "name 'Missing' is not defined. Import or define the types"),
        (two_progresses, "It has two parameters for its progress"),
        (list_stream, "It returns pieces that are neither text nor bytes"),
        (mixed, "one kind of result whole and another in pieces"),
        (array, "cannot be written as JSON"),
        (a_set, "Its result holds a set, which has no order; return a list"),
        (durations, "Its result holds a timedelta, which JSON does not have; return seconds"),
        (nested_bytes, "Its result holds bytes, which JSON does not have; return text"),
        (old_typed_dict, "import TypedDict from typing_extensions"),
        (json_with_media_type, "A MediaType belongs to text or bytes"),
        (wrong_media_type, "is not a media type"),
        (long_media_type, "of at most 200 characters"),
        (utf_16, "Text is written in UTF-8"),
        (utf_16_pieces, "Text is written in UTF-8"),
    ],
)
def test_signatures_that_cannot_be_honoured_are_refused(implementation, words):
    expected = rf"^The function {implementation.__name__} cannot be offered\. "
    with pytest.raises(FunctionInvalid, match=expected) as caught:
        function(implementation)
    assert words in str(caught.value)


def test_an_estimate_that_fails_is_logged_once_and_counts_as_none(caplog):
    def estimate(n: int) -> Estimate:
        if n == 0:
            raise ZeroDivisionError("no")
        return [None, Estimate(-1, 1), Estimate(1, 1.5), Estimate(1, 1, -1)][n - 1]  # type: ignore[return-value, arg-type]

    for wrong in range(5):
        caplog.clear()
        faulty = function(name="faulty", estimate=estimate)(plain)
        for _ in range(3):
            assert faulty.estimate(faulty.bind({"n": wrong})) is None
        (record,) = caplog.records
        assert "estimate of the function faulty is ignored" in record.getMessage()


def test_an_estimate_of_what_is_computed_twice_takes_twice_the_time():
    twice = function(estimate=lambda n: Estimate(n, 7, 8), check="recompute")(plain)
    assert twice.estimate(twice.bind({"n": 2})) == Estimate(4, 7, 8)
    assert twice.check_name == "recomputed"


def test_the_only_integer_is_the_size_if_there_is_an_estimate():
    assert function(estimate=constant)(plain).size_argument == "n"
    assert function(plain).size_argument is None

    def two(n: int, m: int, label: str) -> None: ...

    assert function(estimate=constant)(two).size_argument is None
    assert function(estimate=constant, size_argument="m")(two).size_argument == "m"


def test_a_check_has_a_name():
    assert function(check=is_good)(plain).check_name == "check"
    assert function(check=Residue(residue))(digits).check_name == "residue"


def test_the_fingerprint_changes_with_source_bounds_and_defaults():
    def of(source: str) -> str:
        names: dict[str, object] = {"function": function, "Annotated": Annotated, "Le": Le}
        exec(f"@function\n{source}", names)  # noqa: S102
        found = names["f"]
        assert isinstance(found, Function)
        return found.fingerprint

    sources = [
        "def f(n: int) -> int: return n",
        "def f(n: int) -> int: return n + 1",
        "def f(n: int) -> int: return n - 1",
        "def f(n: int) -> int: return abs(n)",
        "def f(n: int = 1) -> int: return n",
        "def f(n: int = 2) -> int: return n",
        "def f(n: Annotated[int, Le(5)]) -> int: return n",
        "def f(n: float) -> int: return n",
    ]
    assert len({of(source) for source in sources}) == len(sources)
    assert of(sources[0]) == of(sources[0])


def test_the_fingerprint_of_a_file_is_that_of_its_source():
    def again(x: float, *, times: int = 1) -> float:
        return x

    other = function(name="halve")(again)
    assert halve.fingerprint != other.fingerprint
    assert len(halve.fingerprint) == 64


def test_a_failure_has_words_and_details():
    failure = CalculationFailed("The matrix is singular.", row=3, detail="a")
    assert (str(failure), failure.detail) == ("The matrix is singular.",) * 2
    assert failure.details == {"row": 3, "detail": "a"}


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
