"""What kinds of results there are, and which one a return annotation declares."""

from __future__ import annotations

import collections.abc
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, TypeGuard

from reckoner.authoring.errors import FunctionInvalid


class ResultKind(StrEnum):
    """What a result consists of."""

    DIGITS = "digits"
    TEXT = "text"
    JSON = "json"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class MediaType:
    """The media type of text or bytes: `Annotated[bytes, MediaType("image/png")]`."""

    name: str


class _DigitsMark:
    """Distinguishes Digits from other text."""

    def __repr__(self) -> str:
        return "Digits"


Digits = Annotated[str, _DigitsMark()]
"""Decimal digits in ASCII without a leading zero: a text that can be checked by a Residue."""

_DIGITS_MARK = typing.get_args(Digits)[1]

#: What a result is served as if its function names nothing else.
MEDIA_TYPES = {
    ResultKind.DIGITS: "text/plain; charset=us-ascii",
    ResultKind.TEXT: "text/plain; charset=utf-8",
    ResultKind.JSON: "application/json",
    ResultKind.BYTES: "application/octet-stream",
}

#: A media type becomes a header of HTTP, and is sent and stored with each result.
MAX_MEDIA_TYPE_CHARACTERS = 200

_NAME = r"[A-Za-z0-9!#$&^_.+-]+"
_MEDIA_TYPE = re.compile(rf"{_NAME}/{_NAME}(?:; ?{_NAME}={_NAME})*")

_STREAMS = frozenset(
    (
        collections.abc.Iterator,
        collections.abc.Iterable,
        collections.abc.Generator,
    )
)


@dataclass(frozen=True, slots=True)
class ResultType:
    """What a function's return annotation says."""

    kind: ResultKind
    media_type: str
    has_own_media_type: bool
    is_streamed: bool
    annotation: Any
    """The annotation as the author wrote it, by which a JSON result is checked."""


def read_result_type(annotation: Any) -> ResultType:
    """Return what a return annotation declares. Raises FunctionInvalid."""
    kind, is_streamed = _kind_and_streaming(annotation)
    names = set(_media_types(annotation))
    if not names:
        return ResultType(kind, MEDIA_TYPES[kind], False, is_streamed, annotation)
    if kind not in (ResultKind.TEXT, ResultKind.BYTES):
        raise FunctionInvalid(
            "A MediaType belongs to text or bytes; return `Annotated[str, MediaType(…)]` or "
            "`Annotated[bytes, MediaType(…)]`."
        )
    media_type, *others = names
    if others:
        raise FunctionInvalid("It has several media types; return results of one.")
    if not _is_media_type(media_type):
        raise FunctionInvalid(
            f"{media_type!r:.60} is not a media type; write one such as `image/png` or "
            f"`text/csv; charset=utf-8`, of at most {MAX_MEDIA_TYPE_CHARACTERS} characters."
        )
    if kind is ResultKind.TEXT and _names_other_charset(media_type):
        raise FunctionInvalid(
            f"Text is written in UTF-8, and {media_type!r:.60} names another charset; leave it "
            "out, or return bytes."
        )
    return ResultType(kind, media_type, True, is_streamed, annotation)


def _media_types(annotation: Any) -> Iterator[object]:
    """Yield the media types that are named in an annotation, or in parts of it."""
    if typing.get_origin(annotation) is Annotated:
        annotation, *metadata = typing.get_args(annotation)
        yield from (one.name for one in metadata if isinstance(one, MediaType))
    for part in typing.get_args(annotation):
        yield from _media_types(part)


def _names_other_charset(media_type: str) -> bool:
    """Whether it says that text is not UTF-8; each text in ASCII is."""
    for parameter in media_type.lower().split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value not in ("utf-8", "us-ascii"):
            return True
    return False


def _is_media_type(name: object) -> TypeGuard[str]:
    return (
        isinstance(name, str)
        and len(name) <= MAX_MEDIA_TYPE_CHARACTERS
        and _MEDIA_TYPE.fullmatch(name) is not None
    )


def _kind_and_streaming(annotation: Any) -> tuple[ResultKind, bool]:
    """Return the kind, and whether it comes in pieces, or may."""
    annotation = _bare(annotation)
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return _of_choices([_kind_and_streaming(one) for one in typing.get_args(annotation)])
    if origin in _STREAMS or annotation in _STREAMS:
        pieces = typing.get_args(annotation)
        kind = _whole_kind(pieces[0]) if pieces else ResultKind.JSON
        if kind is ResultKind.JSON:
            raise FunctionInvalid(
                "It returns pieces that are neither text nor bytes; return a list, or "
                "`Iterator[str]`, `Iterator[bytes]` or `Iterator[Digits]`."
            )
        return kind, True
    return _whole_kind(annotation), False


def _of_choices(choices: list[tuple[ResultKind, bool]]) -> tuple[ResultKind, bool]:
    """Return what one of several is: JSON, unless it may be the same kind whole or in pieces."""
    if not any(is_streamed for _, is_streamed in choices):
        return ResultKind.JSON, False
    if len({kind for kind, _ in choices}) > 1:
        raise FunctionInvalid(
            "It returns one kind of result whole and another in pieces; return one kind."
        )
    return choices[0][0], True


def _whole_kind(annotation: Any) -> ResultKind:
    annotation = _bare(annotation)
    if annotation == Digits:
        return ResultKind.DIGITS
    if annotation is str:
        return ResultKind.TEXT
    if annotation in (bytes, bytearray, memoryview):
        return ResultKind.BYTES
    return ResultKind.JSON


def _bare(annotation: Any) -> Any:
    """Return an annotation without its metadata, but for that of Digits."""
    if typing.get_origin(annotation) is not Annotated:
        return annotation
    bare, *metadata = typing.get_args(annotation)
    return Digits if _DIGITS_MARK in metadata else bare
