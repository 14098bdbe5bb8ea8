"""A web server of somebody else, whose pages are as a test writes them."""

from tests.web_server import QuietHandler, WebServer


class Pages(WebServer):
    """Serves pages on 127.0.0.1, under whatever host name they are asked for."""

    def __init__(self) -> None:
        self._html: dict[str, bytes] = {}
        html = self._html

        class Handler(QuietHandler):
            def do_GET(self) -> None:  # noqa: N802 (http.server's name)
                content = html.get(self.path)
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

        super().__init__(Handler)

    def put(self, body: str, host: str = "127.0.0.1") -> str:
        """Publish a page with this body; return its address, by the name of the host."""
        path = f"/{len(self._html)}"
        self._html[path] = f"<!doctype html><title>page</title><body>{body}".encode()
        return f"http://{host}:{self.port}{path}"
