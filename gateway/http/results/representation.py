"""A representation that never changes: validators, digests, codings (RFC 9110)."""

import base64
import re
from dataclasses import dataclass
from enum import Enum, auto

import falcon.asgi

from gateway.http.limits import CLIENT_CACHE_SECONDS
from gateway.http.results.ranges import parse_range

_CACHE_CONTROL = f"public, max-age={CLIENT_CACHE_SECONDS}, immutable"
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_GZIP = re.compile(r"(?:^|,)\s*(?:x-)?gzip\s*(?:;\s*q=([0-9.]+)\s*)?(?=,|$)", re.IGNORECASE)


class Outcome(Enum):
    """How a request for a representation is answered."""

    WHOLE = auto()
    PART = auto()
    NOT_MODIFIED = auto()
    RANGE_NOT_SATISFIABLE = auto()
    PRECONDITION_FAILED = auto()


@dataclass(frozen=True, slots=True)
class Selection:
    """The outcome, and the bytes from `first` up to but not including `end`."""

    outcome: Outcome
    first: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Representation:
    """Bytes that never change: their number, and their SHA-256 in hexadecimal.

    With `may_be_gzip` they also exist compressed, and `is_gzip` says that these are.
    """

    length: int
    sha256: str
    may_be_gzip: bool = False
    is_gzip: bool = False

    @property
    def etag(self) -> str:
        """The strong entity tag; with another content coding it is another representation."""
        return f'"{self.sha256}-gzip"' if self.is_gzip else f'"{self.sha256}"'

    @property
    def digest(self) -> str:
        """The SHA-256 of the plain bytes, as a digest field (RFC 9530)."""
        return f"sha-256=:{base64.b64encode(bytes.fromhex(self.sha256)).decode()}:"

    def select(
        self,
        *,
        if_match: str | None,
        if_none_match: str | None,
        range_header: str | None,
        if_range: str | None,
    ) -> Selection:
        """Return what these request headers select.

        A range is ignored for gzip, and with an If-Range that is not our tag.
        """
        whole = Selection(Outcome.WHOLE, 0, self.length)
        if if_match is not None and not self._is_matched(if_match, is_weak=False):
            return Selection(Outcome.PRECONDITION_FAILED)
        if if_none_match is not None and self._is_matched(if_none_match, is_weak=True):
            return Selection(Outcome.NOT_MODIFIED)
        if range_header is None or self.is_gzip:
            return whole
        if if_range is not None and if_range.strip() != self.etag:
            return whole
        found = parse_range(range_header, self.length)
        if found is None:
            return whole
        first, end = found
        if first >= self.length or end <= first:
            return Selection(Outcome.RANGE_NOT_SATISFIABLE)
        return Selection(Outcome.PART, first, end)

    def _is_matched(self, condition: str, *, is_weak: bool) -> bool:
        if condition.strip() == "*":
            return True
        tags = set(_ETAG.findall(condition))
        if is_weak:
            tags = {tag.removeprefix("W/") for tag in tags}
        return self.etag in tags

    def write_headers(self, resp: falcon.asgi.Response) -> None:
        """Set the headers that every response with this representation has."""
        resp.set_header("ETag", self.etag)
        if self.is_gzip:
            # The digest of the compressed bytes is known only at the end. This one is of the bytes
            # before compression (draft-ietf-httpbis-unencoded-digest).
            resp.set_header("Content-Encoding", "gzip")
            resp.set_header("Unencoded-Digest", self.digest)
        else:
            resp.set_header("Repr-Digest", self.digest)
        resp.set_header("Accept-Ranges", "bytes")
        resp.set_header("Cache-Control", _CACHE_CONTROL)
        if self.may_be_gzip:
            resp.append_header("Vary", "Accept-Encoding")


def accepts_gzip(accept_encoding: str | None) -> bool:
    """Return whether gzip is named and not refused with q=0."""
    found = _GZIP.search(accept_encoding or "")
    return found is not None and (found[1] is None or found[1].strip("0.") != "")
