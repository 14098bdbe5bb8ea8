"""The bytes of a result on their way from a child to the store. The worker trusts none of them."""

import codecs
import json
from typing import Any

from reckoner.authoring.results.kinds import ResultKind
from shared.errors import CalculationAborted, ResultTooLarge
from shared.failures import explain_failure
from shared.result import Result, ResultBuilder
from workers.sandbox.protocol import Header, Summary

_NAMES = {
    ResultKind.DIGITS: "decimal digits",
    ResultKind.TEXT: "text in UTF-8",
    ResultKind.JSON: "JSON",
}


class ArrivingBytes:
    """Checks, counts and digests the bytes of a result that a header has announced."""

    def __init__(self, header: Header, max_bytes: int) -> None:
        self._header = header
        self._max_bytes = max_bytes
        self._builder = ResultBuilder(header.kind, header.media_type)
        self._utf_8 = codecs.getincrementaldecoder("utf-8")()

    @property
    def length(self) -> int:
        """How many there were so far."""
        return self._builder.length

    def feed(self, piece: bytes) -> None:
        """Take the next bytes; raise CalculationAborted if they cannot belong to this result."""
        self._builder.feed(piece)
        if self.length > self._max_bytes:
            too_large = explain_failure(ResultTooLarge(self._max_bytes))
            raise CalculationAborted(too_large.reason, too_large.detail)
        match self._header.kind:
            case ResultKind.DIGITS:
                is_valid = piece.isdigit()
            case ResultKind.TEXT:
                is_valid = self._is_utf_8(piece)
            case ResultKind.JSON:
                is_valid = piece.isascii()
            case ResultKind.BYTES:
                is_valid = True
        if not is_valid:
            raise self._invalid()

    def finish(self, summary: Summary, data: bytes | None, peak_bytes: int | None) -> Result:
        """Return the result, if the child says the same of it; `data` is all of a short one.

        Raises CalculationAborted.
        """
        result = self._builder.finish(
            summary.compute_seconds, check=self._header.check, peak_bytes=peak_bytes
        )
        match self._header.kind:
            case ResultKind.DIGITS:
                is_valid = result.length > 0
            case ResultKind.TEXT:
                is_valid = self._is_utf_8(b"", is_last=True)
            case ResultKind.JSON:
                # A short one becomes a part of documents, which it must not break.
                is_valid = result.length > 0 and (data is None or _is_json(data))
            case ResultKind.BYTES:
                is_valid = True
        if not is_valid:
            raise self._invalid()
        if (result.length, result.sha256) != (summary.length, summary.sha256):
            raise CalculationAborted(
                "result-wrong",
                "The bytes that arrived are not those that the process has checked. Resubmit; if "
                "this happens again, check the worker's machine.",
            )
        return result

    def _is_utf_8(self, piece: bytes, *, is_last: bool = False) -> bool:
        try:
            self._utf_8.decode(piece, is_last)
        except UnicodeDecodeError:
            return False
        return True

    def _invalid(self) -> CalculationAborted:
        return CalculationAborted(
            "result-invalid",
            f"What arrived is not {_NAMES[self._header.kind]}. "
            "Report this to the function's author.",
        )


def _is_json(data: bytes) -> bool:
    """Return whether these bytes are JSON; numbers may be of any length."""
    try:
        json.loads(data, parse_int=str, parse_float=str, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse(name: str) -> Any:
    raise ValueError(name)
