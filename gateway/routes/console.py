"""/console/...: GET shows the console; /console/files/{digest}/{file}: what the page needs."""

import falcon
import falcon.asgi

from gateway.access.scopes import by_method
from gateway.console.page import Console
from gateway.http.limits import CLIENT_CACHE_SECONDS
from gateway.http.static_files import write_static_file


def write_console(resp: falcon.asgi.Response, console: Console, path: str = "") -> None:
    """Respond with the page for a path below /console."""
    resp.content_type = "text/html; charset=utf-8"
    resp.cache_control = ["no-cache"]
    resp.set_header("Content-Security-Policy", console.policy)
    resp.set_header("Referrer-Policy", "same-origin")
    resp.data = console.html_of(path)


class ConsolePage:
    """The page, under any path: its own router decides what it shows."""

    scopes = by_method(GET=None)

    #: A page may have any, such as the arguments that a form begins with.
    parameters = None

    def __init__(self, console: Console) -> None:
        self._console = console

    async def on_get(
        self,
        req: falcon.asgi.Request,  # noqa: ARG002
        resp: falcon.asgi.Response,
        page: str = "",
    ) -> None:
        """Respond with the page."""
        write_console(resp, self._console, page)

    on_head = on_get


class ConsoleFile:
    """A file of the page, whose URL changes with its content."""

    scopes = by_method(GET=None)

    def __init__(self, console: Console) -> None:
        self._tree = console.tree

    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, digest: str, file: str
    ) -> None:
        """Respond with the file, or with 304 to a client that has it."""
        if self._tree is None or digest != self._tree.digest:
            raise falcon.HTTPRouteNotFound
        write_static_file(req, resp, self._tree.files.get(file))
        # NGINX may keep it as long: it is dropped when nobody has asked for it for a minute.
        resp.set_header("X-Accel-Expires", str(CLIENT_CACHE_SECONDS))

    on_head = on_get
