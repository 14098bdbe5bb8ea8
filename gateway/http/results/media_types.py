"""The media type of a stored result, and what follows from it when it is served."""

import re
from functools import lru_cache

from reckoner.authoring.results.kinds import MEDIA_TYPES, ResultKind
from shared.store.calculations import Row

_OCTETS = "application/octet-stream"

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = rf' *; *{_WORD}=(?:{_WORD}|"[^"\\\x00-\x1f\x7f-\U0010ffff]*")'

#: A media type that may stand in a header (RFC 9110, section 8.3.1), without quoted pairs.
_WELL_FORMED = re.compile(rf"{_WORD}/{_WORD}(?:{_PARAMETER})*", re.ASCII)

#: Types besides text/* and those that end in +json, +xml and +yaml that gzip makes much shorter.
_COMPRESSIBLE = frozenset(
    f"application/{name}"
    for name in (
        "json",
        "javascript",
        "jsonl",
        "json-seq",
        "ndjson",
        "postscript",
        "rtf",
        "sql",
        "toml",
        "wasm",
        "x-ndjson",
        "x-tex",
        "xml",
        "yaml",
    )
) | {"image/bmp", "image/x-portable-pixmap", "image/x-portable-graymap"}

#: What a browser may show in place of downloading it. None of these can contain a script, a form
#: or a link, so the list is of what is shown: a type that nobody thought of is downloaded.
_SHOWN = frozenset(
    {
        "application/json",
        "image/avif",
        "image/bmp",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
        "text/csv",
        "text/markdown",
        "text/plain",
        "text/tab-separated-values",
    }
)
_SHOWN_GROUPS = ("audio/", "video/")

_EXTENSIONS = {
    "application/gzip": "gz",
    "application/javascript": "js",
    "application/json": "json",
    "application/ndjson": "ndjson",
    "application/pdf": "pdf",
    "application/sql": "sql",
    "application/toml": "toml",
    "application/vnd.apache.parquet": "parquet",
    "application/x-ndjson": "ndjson",
    "application/x-tar": "tar",
    "application/xhtml+xml": "xhtml",
    "application/xml": "xml",
    "application/yaml": "yaml",
    "application/zip": "zip",
    "application/zstd": "zst",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "image/avif": "avif",
    "image/bmp": "bmp",
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/svg+xml": "svg",
    "image/tiff": "tif",
    "image/webp": "webp",
    "model/stl": "stl",
    "text/css": "css",
    "text/csv": "csv",
    "text/html": "html",
    "text/javascript": "js",
    "text/markdown": "md",
    "text/tab-separated-values": "tsv",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
_EXTENSIONS_OF_SUFFIX = {"json": "json", "xml": "xml", "yaml": "yaml", "zip": "zip", "gzip": "gz"}


def media_type_of(row: Row) -> str:
    """Return the media type of a stored result: its author's, or the one of its kind."""
    if row.result_media_type is None:
        return MEDIA_TYPES[row.kind]
    return _in_a_header(row.result_media_type, row.kind)


@lru_cache(maxsize=1_000)
def _in_a_header(media_type: str, kind: ResultKind) -> str:
    """Return an author's media type, with the encoding of text, for text that names none.

    One that is not well-formed would change the meaning of the headers, so it is not passed on.
    """
    if not _WELL_FORMED.fullmatch(media_type):
        return _OCTETS
    is_text = kind is ResultKind.TEXT and media_type.lower().startswith("text/")
    if is_text and "charset=" not in media_type.lower():
        return f"{media_type}; charset=utf-8"
    return media_type


def is_compressible(media_type: str) -> bool:
    """Return whether gzip makes such bytes much shorter: not pictures, sound and archives."""
    name = _name(media_type)
    return (
        name.startswith("text/")
        or name in _COMPRESSIBLE
        or name.endswith(("+json", "+xml", "+yaml"))
    )


def is_shown(media_type: str) -> bool:
    """Return whether a browser may show it; it downloads all others."""
    name = _name(media_type)
    return name in _SHOWN or name.startswith(_SHOWN_GROUPS)


def extension_of(media_type: str) -> str:
    """Return the extension of a file of this type, without the dot."""
    name = _name(media_type)
    found = _EXTENSIONS.get(name) or _EXTENSIONS_OF_SUFFIX.get(name.rpartition("+")[2])
    return found or ("txt" if name.startswith("text/") else "bin")


def _name(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()
