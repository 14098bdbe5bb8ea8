"""From a function to the bytes of its result: of every kind, whole and in pieces."""

import dataclasses
import datetime as dt
import enum
import hashlib
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import numpy as np
import pytest
from typing_extensions import TypedDict

from reckoner import CalculationFailed, Digits, MediaType, Progress, Residue, function
from shared.errors import FunctionExited, ResultInvalid, ResultTooLarge, ResultWrong
from shared.failures import explain_failure
from shared.functions.author_code import Stopwatch
from shared.functions.production import GATHERED_BYTES, produce
from shared.functions.verification import random_prime

PRIME = random_prime()


def pieces_of(made, max_bytes=2**30, **arguments):
    """Return the pieces of a function's result."""
    bound = made.bind(arguments)
    return list(
        produce(made, bound, lambda _fraction: None, PRIME, Stopwatch(), max_bytes=max_bytes)
    )


def result_of(made, **arguments):
    return b"".join(pieces_of(made, **arguments))


def refusal(made, error=ResultInvalid, **arguments):
    """Return the words with which a result is refused."""
    with pytest.raises(error) as caught:
        result_of(made, **arguments)
    return str(caught.value)


def returning(annotation: Any, value: object, **options: Any):
    """Return a function with this annotation that returns this value."""

    def give():
        return value

    give.__annotations__ = {"return": annotation}
    return function(**options)(give)


def yielding(annotation: Any, *values: object):
    """Return a function with this annotation that yields these values."""

    def give():
        yield from values

    give.__annotations__ = {"return": annotation}
    return function(give)


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    y: float = 0.5
    pair: tuple[int, str] = (1, "a")


class Named(TypedDict):
    name: str
    value: int


MILLION_DIGITS = 10**999_999

SURROGATE = "\ud800"


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (returning(Digits, "123"), b"123"),
        (returning(Digits, "0"), b"0"),
        (returning(str, "aé€😀\0"), "aé€😀\0".encode()),
        (returning(str, ""), b""),
        (returning(bytes, b"\xff\0"), b"\xff\0"),
        (returning(bytes, b""), b""),
        (returning(bytes, bytearray(b"ab")), b"ab"),
        (returning(Annotated[bytes, MediaType("image/png")], memoryview(b"ab")), b"ab"),
        (yielding(Iterator[str], "a", "", "é"), "aé".encode()),
        (yielding(Iterator[str]), b""),
        (yielding(Annotated[Iterator[bytes], MediaType("text/csv")], b"1", b"2\n"), b"12\n"),
        (yielding(Iterator[Digits], "1", "", "23"), b"123"),
        (returning(Iterable[str], ["a", "b"]), b"ab"),
        (returning(Digits | Iterator[Digits], "12"), b"12"),
    ],
)
def test_text_bytes_and_digits_are_the_result_as_they_are(made, expected):
    assert result_of(made) == expected


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (dict[str, int], {"b": 1, "a": 2}, b'{"a":2,"b":1}'),
        (list[float], [1, 0.5, -0.0, 1e21], b"[1,0.5,0,1e+21]"),
        (Point, Point(1), b'{"pair":[1,"a"],"x":1,"y":0.5}'),
        (list[Point], [Point(1, 2.0)], b'[{"pair":[1,"a"],"x":1,"y":2}]'),
        (Named, {"name": "é", "value": 1}, rb'{"name":"\u00e9","value":1}'),
        (Colour, Colour.RED, b'"red"'),
        (dt.date, dt.date(2026, 11, 26), b'"2026-11-26"'),
        (dict[str, dt.datetime], {"at": dt.datetime(2026, 1, 2, tzinfo=dt.UTC)}, None),
        (tuple[int, str], (1, "a"), b'[1,"a"]'),
        (int | None, None, b"null"),
        (bool, True, b"true"),
        (dict, {"a": {"b": [Colour.RED, (1, 2)]}}, b'{"a":{"b":["red",[1,2]]}}'),
        (dict[str, Any], {"a": Point(1)}, b'{"a":{"pair":[1,"a"],"x":1,"y":0.5}}'),
        (str | int, "a", b'"a"'),
        (dict, {"\0": "\0"}, rb'{"\u0000":"\u0000"}'),
        (list, [], b"[]"),
        (dict, {r"\ud800": r"\\ud800"}, rb'{"\\ud800":"\\\\ud800"}'),
        (dict, {"😀": 1}, rb'{"\ud83d\ude00":1}'),
    ],
)
def test_anything_else_is_canonical_json(annotation, value, expected):
    assert result_of(returning(annotation, value)) == (
        b'{"at":"2026-01-02T00:00:00+00:00"}' if expected is None else expected
    )


@pytest.mark.parametrize("annotation", [int, dict[str, list[int]], dict, dict[str, Any]])
def test_integers_of_a_million_digits_are_exact_in_json(annotation):
    value = MILLION_DIGITS if annotation is int else {"a": [1, MILLION_DIGITS]}
    found = result_of(returning(annotation, value))
    digits = b"1" + b"0" * 999_999
    assert found == (digits if annotation is int else b'{"a":[1,' + digits + b"]}")


@pytest.mark.parametrize(
    ("annotation", "value", "words"),
    [
        (dict[str, Any], {"a": {1, 2}}, "/a is of the type set. Return a list"),
        (Any, {1}, "it is of the type set"),
        (dict[str, Any], {"a": [0.5, float("nan")]}, "/a/1 is nan"),
        (float, float("inf"), "it is inf"),
        (dict[str, int], {"a": "x"}, '/a must be an integer; it is "x".'),
        (dict[str, int], {"a": True}, "/a must be an integer; it is True."),
        (dict[str, int], ["a"], "annotation: it must be a dict; it is of the type list."),
        (dict[str, int], None, "annotation: it must be a dict; it is None."),
        (dict, {1: 2}, "a member whose name is of the type int. Use text as names"),
        (dict[str, int], {1: 2}, "the name of its member /1 must be text; it is 1."),
        (Point, {"x": 1}, "it must be an object of the class Point; it is of the type dict."),
        (Point, Point("x"), "its member /x must be "),  # type: ignore[arg-type]
        (Point, Point(1, float("nan")), "/y is nan"),
        (Named, {"name": "a"}, "its member /value is missing."),
        (
            Named,
            {"name": "a", "value": 1, "more": 2},
            "its member /more is none that the annotation has.",
        ),
        (Any, b"bytes", "of the type bytes"),
        (dict[str, Any], {"a": object()}, "/a is of the type object"),
        (Any, 1 + 2j, "of the type complex"),
        (Any, (n for n in "ab"), "of the type generator"),
        (dict[str, Any], {"a": [SURROGATE]}, "/a/0 has a lone surrogate"),
        (dict[str, Any], {SURROGATE: 1}, "a lone surrogate"),
    ],
)
def test_what_is_not_json_is_refused_in_words(annotation, value, words):
    assert words in refusal(returning(annotation, value))


def test_json_that_contains_itself_is_refused_in_words():
    value: list[Any] = []
    value.append(value)
    assert "itself" in refusal(returning(list, value))


def test_json_that_is_nested_too_deeply_is_refused_in_words():
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    assert "nested too deeply" in refusal(returning(list, value))


def test_numpy_is_refused_with_what_to_do():
    assert "array.tolist()" in refusal(returning(dict[str, Any], {"a": np.zeros(2)}))
    assert "value.item()" in refusal(returning(dict[str, Any], {"a": np.int64(2)}))


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (returning(bytes, None), "returned None, and its annotation promises bytes. Return bytes"),
        (returning(str, None), "returned None, and its annotation promises text. Return a str"),
        (returning(str, {}), "returned a dict"),
        (returning(bytes, "x"), "returned a str"),
        (returning(Digits, 12), "returned an int, and its annotation promises decimal digits"),
        (returning(Digits, b"12"), "returned bytes"),
        (returning(Digits, "-1"), "decimal digits"),
        (returning(Digits, "1\u0663"), "decimal digits"),
        (returning(Digits, "01"), "leading zeros"),
        (returning(Digits, ""), "no digits"),
        (returning(str, iter("ab")), "_iterator"),
        (returning(str, "ab" + SURROGATE), "U+D800"),
        (yielding(Iterator[str], "a", b"b"), "yielded bytes, and its annotation promises pieces"),
        (yielding(Iterator[bytes], b"a", None), "yielded None"),
        (yielding(Iterator[Digits], "1", 2), "yielded an int"),
        (yielding(Iterator[Digits], "1", "x"), "decimal digits"),
        (yielding(Iterator[Digits], "0", "1"), "leading zeros"),
        (yielding(Iterator[Digits]), "no digits"),
        (returning(Iterator[str], None), "returned None"),
        (returning(Iterator[str], {"a": 1}), "returned a dict"),
    ],
)
def test_a_result_of_another_type_is_refused_in_words(made, words):
    assert words in refusal(made)


def test_small_pieces_are_gathered_and_large_ones_are_not_copied():
    large = "x" * GATHERED_BYTES
    pieces = pieces_of(yielding(Iterator[str], *("ab" for _ in range(50_000)), large, "c", large))
    assert b"".join(pieces) == ("ab" * 50_000 + large + "c" + large).encode()
    sizes = [GATHERED_BYTES, 100_000 - GATHERED_BYTES, GATHERED_BYTES, 1, GATHERED_BYTES]
    assert [len(piece) for piece in pieces] == sizes


@pytest.mark.parametrize("length", [0, 1, GATHERED_BYTES - 1, GATHERED_BYTES, GATHERED_BYTES + 1])
def test_a_stream_of_any_length_is_whole(length):
    assert result_of(yielding(Iterator[bytes], *(b"x" for _ in range(length)))) == b"x" * length


@pytest.mark.parametrize("made", [returning(str, "x" * 101), returning(dict, {"a": "x" * 100})])
def test_a_result_has_a_largest_size(made):
    assert refusal(made, ResultTooLarge, max_bytes=100)
    assert pieces_of(made, max_bytes=1_000)


def test_a_stream_ends_when_it_becomes_too_large():
    taken = 0

    @function
    def too_much() -> Iterator[bytes]:
        """Yield more than it may."""
        nonlocal taken
        for _ in range(1_000):
            taken += 1
            yield bytes(GATHERED_BYTES)

    assert "RECKONER_MAX_RESULT_BYTES" in refusal(too_much, ResultTooLarge, max_bytes=10**6)
    assert taken == 16


def test_a_residue_is_compared():
    def modulo(n: int, modulus: int) -> int:
        return n % modulus

    @function(check=Residue(modulo))
    def right(n: int) -> Digits:
        """Return it."""
        return str(n)

    @function(check=Residue(modulo))
    def wrong(n: int) -> Digits:
        """Return another."""
        return str(n + 1)

    assert result_of(right, n=10**30) == str(10**30).encode()
    assert "wrong returned did not pass their check" in refusal(wrong, ResultWrong, n=10**30)


def check_of(judge):
    """Return a function whose result a predicate judges."""

    @function(check=judge)
    def judged(n: int) -> dict[str, int]:
        """Return it in an object."""
        return {"n": n}

    return judged


def test_a_predicate_judges_result_and_arguments():
    seen = []

    def judge(result: Any, n: int) -> bool:
        seen.append((result, n))
        return True

    assert result_of(check_of(judge), n=3) == b'{"n":3}'
    assert seen == [({"n": 3}, 3)]


def test_a_check_gets_the_arguments_as_they_were_submitted():
    def judge(result: list[int], numbers: list[int]) -> bool:
        return sorted(numbers) == result

    @function(check=judge)
    def emptied(numbers: list[int]) -> list[int]:
        """Return nothing, and leave nothing of what there was."""
        numbers.clear()
        return []

    @function(check=judge)
    def in_order(numbers: list[int]) -> list[int]:
        """Sort them in place."""
        numbers.sort()
        return numbers

    assert result_of(in_order, numbers=[3, 1, 2]) == b"[1,2,3]"
    refusal(emptied, ResultWrong, numbers=[3, 1, 2])

    @function(check=Residue(lambda numbers, modulus: sum(numbers) % modulus))
    def total(numbers: list[int]) -> Iterator[Digits]:
        """Add them up, and forget them."""
        while numbers:
            numbers[0] += numbers.pop() if len(numbers) > 1 else 0
            if len(numbers) == 1:
                yield Digits(str(numbers.pop()))

    assert result_of(total, numbers=[3, 1, 2]) == b"6"


def _say_false(result: Any, n: int) -> bool:
    return False


def _say_nothing(result: Any, n: int) -> None:
    return None


def _fail(result: Any, n: int) -> None:
    raise CalculationFailed("the price is negative")


def _assert(result: Any, n: int) -> None:
    raise AssertionError("the sum is not 1")


def _crash(result: Any, n: int) -> None:
    raise KeyError("sum")


def test_a_predicate_that_says_nothing_agrees():
    assert result_of(check_of(_say_nothing), n=3) == b'{"n":3}'


@pytest.mark.parametrize(
    ("judge", "words"),
    [
        (_say_false, "The result did not pass its check. Report"),
        (_fail, "did not pass its check: the price is negative. Report"),
        (_assert, "did not pass its check: the sum is not 1. Report"),
        (_crash, "The check of the result raised KeyError: 'sum'. Report"),
    ],
)
def test_a_failed_predicate_says_what_failed_in_the_authors_words(judge, words):
    assert words in refusal(check_of(judge), ResultWrong, n=3)


def test_nothing_is_sent_of_a_result_that_its_predicate_refuses():
    made = check_of(_say_false)
    sent = produce(made, made.bind({"n": 1}), _say_false, PRIME, Stopwatch(), max_bytes=100)  # type: ignore[arg-type]
    with pytest.raises(ResultWrong):
        next(sent)


@pytest.mark.parametrize("raised", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
@pytest.mark.parametrize("is_stream", [False, True])
def test_what_would_end_the_thread_is_an_error_of_the_function(raised, is_stream):
    def give():
        raise raised

    def give_pieces():
        yield "a"
        raise raised

    chosen = give_pieces if is_stream else give
    chosen.__annotations__ = {"return": Iterator[str] if is_stream else str}
    made = function(name="give")(chosen)
    with pytest.raises(FunctionExited, match=type(raised).__name__) as caught:
        result_of(made)
    assert explain_failure(caught.value).reason == "function-failed"


def test_progress_reaches_the_function():
    seen: list[float] = []

    @function
    def slow(n: int, progress: Progress) -> str:
        """Report progress."""
        progress(0.5)
        return "x" * n

    list(produce(slow, slow.bind({"n": 1}), seen.append, PRIME, Stopwatch(), max_bytes=9))
    assert seen == [0.5]


def test_the_stopwatch_counts_the_function_and_not_its_consumer():
    watch = Stopwatch()
    made = yielding(Iterator[str], "a" * GATHERED_BYTES, "b")
    digest = hashlib.sha256()
    for piece in produce(made, made.bind({}), lambda _: None, PRIME, watch, max_bytes=2**20):
        before = watch.seconds
        digest.update(piece)
        assert watch.seconds == before
    assert watch.seconds > 0
