"""A web server of somebody else, whose pages are as a test writes them."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Pages:
    """Serves pages on 127.0.0.1, under whatever host name they are asked for."""

    def __init__(self) -> None:
        self._html: dict[str, bytes] = {}
        html = self._html

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                content = html.get(self.path)
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def port(self) -> int:
        return self._server.server_port

    def put(self, body: str, host: str = "127.0.0.1") -> str:
        """Publish a page with this body; return its address, by the name of the host."""
        path = f"/{len(self._html)}"
        self._html[path] = f"<!doctype html><title>page</title><body>{body}".encode()
        return f"http://{host}:{self.port}{path}"

    def __enter__(self) -> "Pages":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
