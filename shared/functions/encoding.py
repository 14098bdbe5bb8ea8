"""The bytes of what an author's function returns or yields, or in words why it has none."""

from __future__ import annotations

from typing import Any

from reckoner.authoring.definition import Function
from reckoner.authoring.errors import ResultUnusable
from reckoner.authoring.results.kinds import ResultKind
from shared.errors import ResultInvalid

_PROMISED = {
    ResultKind.DIGITS: ("decimal digits", "a str of digits"),
    ResultKind.TEXT: ("text", "a str"),
    ResultKind.BYTES: ("bytes", "bytes"),
}


def is_whole(kind: ResultKind, given: object) -> bool:
    """Say whether it is a whole result, also of a function that may yield pieces."""
    if kind is ResultKind.BYTES:
        return isinstance(given, (bytes, bytearray, memoryview))
    return kind is ResultKind.JSON or isinstance(given, str)


def encode_whole(function: Function, given: Any) -> bytes:
    """Return the bytes of a whole result. Raises ResultInvalid."""
    if function.kind is not ResultKind.JSON:
        return _encode(function.kind, given, "returned")
    try:
        return function.json_results.encode(given)
    except ResultUnusable as error:
        raise ResultInvalid(str(error)) from error


def encode_piece(kind: ResultKind, piece: Any) -> bytes:
    """Return the bytes of a piece that a function has yielded. Raises ResultInvalid."""
    return _encode(kind, piece, "yielded")


def refuse_stream(kind: ResultKind, given: object) -> ResultInvalid:
    """Return the error for what should be iterated over and cannot be."""
    return _of_another_type(kind, given, "returned")


def not_digits() -> ResultInvalid:
    """Return the error for digits that are none."""
    return ResultInvalid(
        "The function returned something other than decimal digits without leading zeros. "
        "Return digits alone, or change its annotation."
    )


def _encode(kind: ResultKind, given: Any, verb: str) -> bytes:
    if not is_whole(kind, given):
        raise _of_another_type(kind, given, verb)
    if kind is ResultKind.BYTES:
        return bytes(given)
    try:
        encoded: bytes = given.encode("ascii" if kind is ResultKind.DIGITS else "utf-8")
    except UnicodeEncodeError as error:
        if kind is ResultKind.DIGITS:
            raise not_digits() from error
        raise ResultInvalid(
            f"The function {verb} text with a lone surrogate (U+{ord(given[error.start]):04X}), "
            "which UTF-8 cannot hold. Return whole characters."
        ) from error
    return encoded


def _of_another_type(kind: ResultKind, given: object, verb: str) -> ResultInvalid:
    promised, advice = _PROMISED[kind]
    name = type(given).__name__
    what = f"{'an' if name[:1] in 'aeiou' else 'a'} {name}"
    if given is None or isinstance(given, bytes):
        what = "None" if given is None else "bytes"
    verb_now = verb.removesuffix("ed").capitalize()
    pieces = "pieces of " if verb == "yielded" else ""
    return ResultInvalid(
        f"The function {verb} {what}, and its annotation promises {pieces}{promised}. "
        f"{verb_now} {advice}, or change the annotation."
    )
