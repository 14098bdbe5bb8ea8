"""HTTP's rules for one immutable representation: validators, ranges, codings (RFC 9110)."""

import base64
import re
from dataclasses import dataclass
from enum import Enum, auto

import falcon.asgi

_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII | re.IGNORECASE)
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_GZIP = re.compile(r"(?:^|,)\s*(?:x-)?gzip\s*(?:;\s*q=([0-9.]+)\s*)?(?=,|$)", re.IGNORECASE)


class Answer(Enum):
    """What a request for a representation gets."""

    WHOLE = auto()
    PART = auto()
    NOT_MODIFIED = auto()
    UNSATISFIABLE = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Selection:
    """The answer, and the bytes from `first` up to but not including `end`."""

    answer: Answer
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Representation:
    """Bytes that never change: how many, and their SHA-256 in hexadecimal."""

    length: int
    sha256: str
    is_gzip: bool = False

    @property
    def etag(self) -> str:
        """Return the strong entity tag; another coding is another representation."""
        return f'"{self.sha256}-gzip"' if self.is_gzip else f'"{self.sha256}"'

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the plain bytes as a digest field has it (RFC 9530)."""
        return f"sha-256=:{base64.b64encode(bytes.fromhex(self.sha256)).decode()}:"

    def select(
        self,
        *,
        if_match: str | None,
        if_none_match: str | None,
        range_header: str | None,
        if_range: str | None,
    ) -> Selection:
        """Return what these request headers ask for.

        Several ranges, other units and what cannot be read are ignored, as RFC 9110 (14.2) has
        it; an If-Range with anything but our tag asks for the whole.
        """
        whole = Selection(Answer.WHOLE, 0, self.length)
        if if_match is not None and not self._is_matched(if_match, weakly=False):
            return Selection(Answer.OTHER, 0, 0)
        if if_none_match is not None and self._is_matched(if_none_match, weakly=True):
            return Selection(Answer.NOT_MODIFIED, 0, 0)
        if (
            range_header is None
            or self.is_gzip
            or (if_range is not None and if_range.strip() != self.etag)
        ):
            return whole
        asked = _RANGE.fullmatch(range_header.strip())
        if asked is None or asked.groups() == ("", ""):
            return whole
        first, end = self._bounds(*asked.groups())
        if first is None:
            return whole
        if first >= self.length or end <= first:
            return Selection(Answer.UNSATISFIABLE, 0, 0)
        return Selection(Answer.PART, first, end)

    def _bounds(self, first: str, last: str) -> tuple[int | None, int]:
        """Return first and end of a range; None for one that is the wrong way round."""
        if not first:
            return self.length - min(_bounded(last), self.length), self.length
        if not last:
            return _bounded(first), self.length
        if _bounded(last) < _bounded(first):
            return None, 0
        return _bounded(first), min(_bounded(last) + 1, self.length)

    def _is_matched(self, condition: str, *, weakly: bool) -> bool:
        if condition.strip() == "*":
            return True
        tags = set(_ETAG.findall(condition))
        if weakly:
            tags = {tag.removeprefix("W/") for tag in tags}
        return self.etag in tags

    def write_headers(self, resp: falcon.asgi.Response) -> None:
        """Set what every answer about this representation carries."""
        resp.set_header("ETag", self.etag)
        if self.is_gzip:
            # Its own digest is known only when all of it has been compressed; this one is of what
            # the client has once it has decompressed it (draft-ietf-httpbis-unencoded-digest).
            resp.set_header("Content-Encoding", "gzip")
            resp.set_header("Unencoded-Digest", self.digest)
        else:
            resp.set_header("Repr-Digest", self.digest)
        resp.set_header("Accept-Ranges", "bytes")
        resp.set_header("Cache-Control", "public, max-age=31536000, immutable")
        resp.append_header("Vary", "Accept-Encoding")


def accepts_gzip(accept_encoding: str | None) -> bool:
    """Say whether gzip is asked for by name and not refused with q=0."""
    asked = _GZIP.search(accept_encoding or "")
    return asked is not None and (asked[1] is None or asked[1].strip("0.") != "")


def _bounded(digits: str) -> int:
    """Return the number, or one beyond any length: CPython refuses to read very long ones."""
    return int(digits) if len(digits) <= 20 else 10**20
