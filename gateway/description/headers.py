"""The headers of responses."""

from collections.abc import Mapping
from typing import Any


def _header(description: str, schema: Mapping[str, Any], *, always: bool = False) -> dict[str, Any]:
    return {"description": description, "required": always, "schema": dict(schema)}


_TEXT = {"type": "string"}
_PATH = {"type": "string", "pattern": "^/"}

#: What every response has, of Reckoner's own or of NGINX's.
EVERYWHERE = (
    "X-Request-ID",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Cross-Origin-Resource-Policy",
)

#: What any response of Reckoner's own may have.
ANYWHERE = ("Cache-Control", "Vary", "Content-Encoding")

#: Every header, by its name.
HEADERS: Mapping[str, Mapping[str, Any]] = {
    "X-Request-ID": _header(
        "The id of the request: the client's, if it is well-formed, or a new one. Logs contain it.",
        {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"},
        always=True,
    ),
    "X-Content-Type-Options": _header(
        "Browsers do not guess media types.", {"type": "string", "const": "nosniff"}, always=True
    ),
    "X-Frame-Options": _header(
        "No page of another origin may show it in a frame.",
        {"type": "string", "enum": ["SAMEORIGIN", "DENY"]},
        always=True,
    ),
    "Cross-Origin-Resource-Policy": _header(
        "No page of another origin may embed it.",
        {"type": "string", "const": "same-origin"},
        always=True,
    ),
    "Cache-Control": _header(
        "Whether and how long it may be kept. Where keys are on, it is `private`.", _TEXT
    ),
    "Vary": _header("The request headers that the response depends on.", _TEXT),
    "Content-Encoding": _header("`gzip`, where it was asked for and worth it.", _TEXT),
    "Location": _header("The calculation's document.", _PATH),
    "Content-Location": _header("The calculation's document, which this is.", _PATH),
    "Retry-After": _header(
        "Seconds after which it is worth asking again.", {"type": "integer", "minimum": 0}
    ),
    "Preference-Applied": _header("The preferences of `Prefer` that were honoured.", _TEXT),
    "ETag": _header(
        "A strong tag of these bytes; another one with gzip.",
        {"type": "string", "pattern": '^(W/)?"[^"]+"$'},
    ),
    "Repr-Digest": _header(
        "SHA-256 of the whole result (RFC 9530); not with gzip.",
        {"type": "string", "pattern": "^sha-256=:[A-Za-z0-9+/]{43}=:$"},
    ),
    "Unencoded-Digest": _header(
        "SHA-256 of the result before its compression, with gzip.",
        {"type": "string", "pattern": "^sha-256=:[A-Za-z0-9+/]{43}=:$"},
    ),
    "Content-Length": _header(
        "The number of bytes; not with gzip.", {"type": "integer", "minimum": 0}
    ),
    "Content-Range": _header(
        "Which bytes these are, and how many there are.",
        {"type": "string", "pattern": r"^bytes ([0-9]+-[0-9]+|\*)/[0-9]+$"},
    ),
    "Accept-Ranges": _header("Ranges may be requested.", {"type": "string", "const": "bytes"}),
    "Content-Disposition": _header("A file name, and whether it is safe to show.", _TEXT),
    "Content-Security-Policy": _header("Lets nothing run that is in the response.", _TEXT),
    "Referrer-Policy": _header("The page tells no other where it is.", _TEXT),
    "WWW-Authenticate": _header("`Bearer`, and what is wrong with the key.", _TEXT),
    "Allow": _header("The methods that the route has.", _TEXT),
    "Accept-Post": _header("The media type that is taken.", _TEXT),
    "Set-Cookie": _header("The session, or its end.", _TEXT),
    "Clear-Site-Data": _header("The browser deletes what it keeps of this site.", _TEXT),
}


def reference(*names: str, always: bool = False) -> dict[str, Any]:
    """Return what a response has under `headers`; with `always`, each of them is required."""
    found: dict[str, Any] = {}
    for name in names:
        if always and not HEADERS[name]["required"]:
            found[name] = {**HEADERS[name], "required": True}
        else:
            found[name] = {"$ref": f"#/components/headers/{name}"}
    return found
