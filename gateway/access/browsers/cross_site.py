"""Middleware that refuses what pages of other origins must not do.

A browser sends a request to any address that a page names. What such a page may read of the answer
the browser decides (cors.py); that the request has no effect is decided here.
"""

from typing import Any
from urllib.parse import urlsplit

import falcon.asgi

from gateway.access.scopes import needed_scope
from shared.errors import CrossSiteRefused
from shared.keys.scope import Scope

_SAFE = ("GET", "HEAD", "OPTIONS")

#: A GET that needs one of these has an effect.
_EFFECTS = (Scope.SUBMIT, Scope.CANCEL)

#: Of this service's own pages, or of no page: typed, a bookmark.
_OWN = ("same-origin", "none")


class CrossSite:
    """Refuses requests with effects that a page of another origin has caused."""

    def __init__(self, cors_origins: frozenset[str]) -> None:
        """Take the origins whose pages may do what pages of this service may."""
        self._cors_origins = cors_origins

    async def process_resource(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,  # noqa: ARG002
        resource: Any,
        params: dict[str, Any],  # noqa: ARG002
    ) -> None:
        """Raise CrossSiteRefused for a request with effects that comes from elsewhere."""
        if req.method in _SAFE and needed_scope(resource, req.method) not in _EFFECTS:
            return
        if is_from_elsewhere(req) and req.get_header("Origin") not in self._cors_origins:
            raise CrossSiteRefused(is_get=req.method == "GET")


def is_get_of_unknown_page(req: falcon.asgi.Request, scope: Scope) -> bool:
    """Say whether a GET has an effect, and nothing tells which page has caused it.

    Over plain HTTP to another machine a browser sends neither header with a picture, but does
    send the cookie where a page of another port of the same host shows it.
    """
    is_told = req.get_header("Sec-Fetch-Site") or req.get_header("Origin")
    return req.method in _SAFE and scope in _EFFECTS and not is_told


def is_from_elsewhere(req: falcon.asgi.Request) -> bool:
    """Say whether a page of another origin has caused the request.

    Browsers say so in Sec-Fetch-Site, which no page can set (W3C Fetch Metadata). They leave it
    out for plain HTTP to another machine; then Origin counts, which they send with all but GET and
    HEAD. What has neither is a program, or a GET without a credential (see
    `is_get_of_unknown_page`).
    """
    site = req.get_header("Sec-Fetch-Site")
    if site is not None:
        return site not in _OWN
    return is_of_other_origin(req)


def is_of_other_origin(req: falcon.asgi.Request) -> bool:
    """Say whether the request has an Origin, and another one than this service.

    Host and port are compared. The scheme is not known here if a proxy before NGINX ends TLS.
    """
    origin = req.get_header("Origin")
    return origin is not None and not _is_own(origin, req.get_header("Host"))


def _is_own(origin: str, host: str | None) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and host is not None and parts.netloc == host.lower()
