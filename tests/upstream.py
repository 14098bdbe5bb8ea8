"""A server behind NGINX that answers as it is told: where NGINX itself is what is tested."""

import contextlib
import threading
from email.message import Message

from tests.web_server import QuietHandler, WebServer


class Upstream(WebServer):
    """Answers every request with one status and these headers, and notes what was asked.

    A path that ends in /events gets a stream that lasts until its client goes. Other requests wait
    while `may_answer` is not set.
    """

    def __init__(
        self,
        status: int = 200,
        *,
        body: bytes | None = None,
        missing_bytes: int = 0,
        hangs_up: bool = False,
        **headers: str,
    ) -> None:
        """Take the answer, whose body tells how many were asked if there is none given.

        With `missing_bytes` it breaks off so much before its declared end; one that hangs up takes
        a request whole and never answers.
        """
        self.status = status
        self.missing_bytes = missing_bytes
        self.headers = headers
        self.asked: list[str] = []
        self.requests: list[tuple[str, Message]] = []
        self.streams = 0
        self.may_answer = threading.Event()
        self.may_answer.set()
        upstream = self

        class Handler(QuietHandler):
            def do_GET(self) -> None:  # noqa: N802 (http.server's name)
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                upstream.asked.append(self.path)
                upstream.requests.append((self.command, self.headers))
                if hangs_up:
                    self.close_connection = True
                    return
                if self.path.endswith("/events"):
                    self._stream()
                    return
                upstream.may_answer.wait()
                content = b'{"answer": %d}' % len(upstream.asked) if body is None else body
                self.send_response(upstream.status)
                for name, value in upstream.headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(content) + upstream.missing_bytes))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)
                self.close_connection = bool(upstream.missing_bytes)

            do_HEAD = do_POST = do_DELETE = do_GET  # noqa: N815 (http.server's names)

            def _stream(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.write(b"8\r\ndata: 1\n\r\n")
                upstream.streams += 1
                with contextlib.suppress(OSError):
                    self.connection.recv(1)  # returns when the other side has closed
                upstream.streams -= 1
                self.close_connection = True

        super().__init__(Handler)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __exit__(self, *_: object) -> None:
        self.may_answer.set()
        super().__exit__()
