"""Cross-origin resource sharing: which other origins' pages may read answers."""

import falcon
import falcon.asgi

#: What a page may read of an answer besides the headers that it always may.
_EXPOSED = (
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Location",
    "Content-Range",
    "ETag",
    "Location",
    "Preference-Applied",
    "Repr-Digest",
    "Retry-After",
    "Unencoded-Digest",
    "WWW-Authenticate",
    "X-Request-ID",
)


class Cors(falcon.CORSMiddleware[falcon.asgi.Request, falcon.asgi.Response]):
    """Falcon's middleware for named origins, and with Vary.

    It answers preflights, never allows credentials (cookies), and does nothing for other origins.
    """

    def __init__(self, origins: frozenset[str]) -> None:
        """Take the origins as browsers write them."""
        super().__init__(allow_origins=origins, expose_headers=_EXPOSED)

    async def process_response_async(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,
        resource: object,
        req_succeeded: bool,
    ) -> None:
        """Set the headers. Vary, so that a browser does not use an answer without them for a page.

        It is set on every answer: what a browser has in its cache was mostly not asked by a page.
        """
        await super().process_response_async(req, resp, resource, req_succeeded)
        resp.append_header("Vary", "Origin")
