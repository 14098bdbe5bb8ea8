"""What kinds of results there are, and which one a return annotation declares."""

from __future__ import annotations

import collections.abc
import re
import types
import typing
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

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

_MEDIA_TYPES = {
    ResultKind.DIGITS: "text/plain; charset=us-ascii",
    ResultKind.TEXT: "text/plain; charset=utf-8",
    ResultKind.JSON: "application/json",
    ResultKind.BYTES: "application/octet-stream",
}

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
    bare, media_type = _without_media_type(annotation)
    kind, is_streamed = _kind_and_streaming(bare)
    if media_type is None:
        return ResultType(kind, _MEDIA_TYPES[kind], False, is_streamed, annotation)
    if kind not in (ResultKind.TEXT, ResultKind.BYTES):
        raise FunctionInvalid(
            "A MediaType belongs to text or bytes; return `Annotated[str, MediaType(…)]` or "
            "`Annotated[bytes, MediaType(…)]`."
        )
    if not _is_media_type(media_type):
        raise FunctionInvalid(
            f"{media_type!r} is not a media type; write one such as `image/png` or "
            "`text/csv; charset=utf-8`."
        )
    return ResultType(kind, media_type, True, is_streamed, annotation)


def _without_media_type(annotation: Any) -> tuple[Any, str | None]:
    if typing.get_origin(annotation) is not Annotated:
        return annotation, None
    bare, *metadata = typing.get_args(annotation)
    names = [one.name for one in metadata if isinstance(one, MediaType)]
    if not names:
        return annotation, None
    return bare, names[-1]


def _is_media_type(name: object) -> bool:
    return isinstance(name, str) and _MEDIA_TYPE.fullmatch(name) is not None


def _kind_and_streaming(annotation: Any) -> tuple[ResultKind, bool]:
    """Return the kind, and whether it comes in pieces, or may."""
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        kinds = [_kind_and_streaming(one) for one in typing.get_args(annotation)]
        whole = {kind for kind, is_streamed in kinds if not is_streamed}
        if len(whole) < len(kinds) and any(is_streamed for _, is_streamed in kinds):
            streamed = {kind for kind, is_streamed in kinds if is_streamed}
            if len(whole | streamed) == 1:
                return kinds[0][0], True
            raise FunctionInvalid(
                "It returns one kind of result whole and another in pieces; return one kind."
            )
        return ResultKind.JSON, False
    if origin in _STREAMS or annotation in _STREAMS:
        pieces = (*typing.get_args(annotation), None)[0]
        kind = _plain_kind(pieces)
        if kind is ResultKind.JSON:
            raise FunctionInvalid(
                "It returns pieces that are neither text nor bytes; return a list, or "
                "`Iterator[str]`, `Iterator[bytes]` or `Iterator[Digits]`."
            )
        return kind, True
    return _plain_kind(annotation), False


def _plain_kind(annotation: Any) -> ResultKind:
    if typing.get_origin(annotation) is Annotated:
        bare, *metadata = typing.get_args(annotation)
        if _DIGITS_MARK in metadata:
            return ResultKind.DIGITS
        annotation = bare
    if annotation is str:
        return ResultKind.TEXT
    if annotation in (bytes, bytearray, memoryview):
        return ResultKind.BYTES
    return ResultKind.JSON
