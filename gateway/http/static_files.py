"""Files of pages, which are read at start: what is on the disk may change."""

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path, PurePath

import falcon
import falcon.asgi

from gateway.http.limits import CLIENT_CACHE_SECONDS
from gateway.http.results.representation import Outcome, Representation

#: mimetypes asks the system, which may have other names for them.
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

#: What tells versions of one file apart; a page has so many files that each header counts.
_TAG_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class StaticFile:
    """The content of a file that never changes under its URL."""

    content: bytes
    media_type: str
    representation: Representation


def read_static_file(path: Path) -> StaticFile:
    """Read a file."""
    return make_static_file(path.read_bytes(), path.name)


def make_static_file(content: bytes, name: str) -> StaticFile:
    """Return a file with this content; the end of its name says its media type."""
    media_type = (
        _MEDIA_TYPES.get(PurePath(name).suffix)
        or mimetypes.guess_type(name)[0]
        or "application/octet-stream"
    )
    tag = hashlib.sha256(content).hexdigest()[:_TAG_CHARACTERS]
    return StaticFile(content, media_type, Representation(len(content), tag))


def write_static_file(
    req: falcon.asgi.Request, resp: falcon.asgi.Response, file: StaticFile | None
) -> None:
    """Respond with the file, with 304 to a client that has it, or with 404."""
    if file is None:
        raise falcon.HTTPRouteNotFound
    selection = file.representation.select(
        if_match=None,
        if_none_match=req.get_header("If-None-Match"),
        range_header=None,
        if_range=None,
    )
    # No digest: NGINX compresses what it passes on.
    resp.set_header("ETag", file.representation.etag)
    resp.cache_control = ["public", f"max-age={CLIENT_CACHE_SECONDS}", "immutable"]
    if selection.outcome is Outcome.NOT_MODIFIED:
        resp.status = falcon.HTTP_304
        return
    resp.content_type = file.media_type
    resp.data = file.content
