"""HTTP on one connection: uvicorn's, with what it lacks for standing behind NGINX."""

import asyncio
import json
import secrets
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.http.problems import MALFORMED_REQUEST, MEDIA_TYPE

#: NGINX closes a connection that it has not used for 5 s. While it may use one, it stays open.
_UNUSED_SECONDS = 6.0


class Protocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what uvicorn gives."""
        super().__init__(*args, **kwargs)
        self._answering, self.app = self.app, self._answer
        self._task: asyncio.Task[Any] | None = None
        self._is_stopping = False

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        if self.transport.is_closing():
            return  # the client went before this task's turn came
        self._task = asyncio.current_task()
        try:
            await self._answering(scope, receive, send)
        except asyncio.CancelledError:
            if not self.transport.is_closing():
                raise
        finally:
            self._task = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop answering a client that has gone; what it submitted is stored all the same.

        Uvicorn would drop the answer piece by piece, and a long result be read to its end.
        """
        super().connection_lost(exc)
        if self._task is not None:
            self._task.cancel()

    def on_headers_complete(self) -> None:
        """Answer what came in although this process is stopping, and nothing after it."""
        super().on_headers_complete()
        if self._is_stopping:
            self.cycle.keep_alive = False

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (uvicorn's signature)
        """Refuse what is not HTTP as everything else is refused."""
        body = json.dumps(MALFORMED_REQUEST.document()) + "\n"
        head = (
            "HTTP/1.1 400 Bad Request\r\n"
            f"Content-Type: {MEDIA_TYPE}\r\n"
            f"Content-Length: {len(body)}\r\n"
            f"X-Request-ID: {secrets.token_hex(16)}\r\n"
            "Connection: close\r\n"
            "\r\n"
        )
        self.transport.write((head + body).encode("ascii"))
        self.transport.close()

    def shutdown(self) -> None:
        """Let a connection end without a request lost on it.

        NGINX may just be sending one on a connection that is idle here, and it may not send a POST
        a second time. Uvicorn's own would close it.
        """
        self._is_stopping = True
        if self._is_idle():
            self.loop.call_later(_UNUSED_SECONDS, self._close_if_idle)
        else:
            self.cycle.keep_alive = False

    def _is_idle(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _close_if_idle(self) -> None:
        if self._is_idle():
            self.transport.close()
