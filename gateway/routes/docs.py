"""/docs: GET shows the description of the API in a browser; /docs/{file}: what the page needs."""

import falcon.asgi

from gateway.access.scopes import by_method
from gateway.docs.files import Page
from gateway.http.static_files import write_static_file

#: The page's own files, and requests to this service. Nothing inline: no text of the description
#: can become a script. The viewer draws its icons with `data:`.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


class Docs:
    """The page."""

    scopes = by_method(GET=None)

    def __init__(self, page: Page) -> None:
        self._page = page

    async def on_get(
        self,
        req: falcon.asgi.Request,  # noqa: ARG002
        resp: falcon.asgi.Response,
    ) -> None:
        """Respond with the page, which names its files."""
        resp.content_type = "text/html; charset=utf-8"
        resp.cache_control = ["no-cache"]
        resp.set_header("Content-Security-Policy", _POLICY)
        resp.set_header("Referrer-Policy", "no-referrer")
        resp.data = self._page.html

    on_head = on_get


class DocsFile:
    """A file of the page, whose name changes with its content."""

    scopes = by_method(GET=None)

    def __init__(self, page: Page) -> None:
        self._files = page.files

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, file: str) -> None:
        """Respond with the file, or with 304 to a client that has it."""
        write_static_file(req, resp, self._files.get(file))

    on_head = on_get
