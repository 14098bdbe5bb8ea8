"""What the decorator refuses, in a sentence that says what to do."""

import datetime as dt
import functools
import typing
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import numpy as np
import pytest

from reckoner import (
    Estimate,
    FunctionInvalid,
    MediaType,
    Progress,
    Residue,
    function,
)
from tests.unit.reckoner.authoring.samples import digits, halve, is_good, plain, residue

OldTypedDict = typing.TypedDict("OldTypedDict", {"a": int})  # noqa: UP013


def stream(n: int) -> Iterator[str]:
    yield str(n)


def of_result_alone(result: object) -> bool:
    return True


def of_m(m: int, modulus: int) -> int:
    return m


def of_nothing() -> Estimate:
    return Estimate(1, 1)


def of_two(n: int, m: int) -> Estimate:
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
        (plain, {"examples": {"n": 1}}, "examples must be a list of at most 20 objects"),
        (plain, {"examples": [{"n": 1}] * 21}, "examples must be a list of at most 20 objects"),
        (plain, {"examples": [{"n": 1}, {"n": "one"}]}, "Its example 2 is not valid, at /n: "),
        (plain, {"examples": [1]}, "Its example 1 is not valid, at the whole: "),
        (plain, {"examples": [{"n": {1, 2}}]}, "Its example 1 is not JSON"),
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
