"""HTTP on one connection: uvicorn's protocol, and what it lacks for running behind NGINX."""

import asyncio
import json
import logging
import secrets
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.http.problems import MALFORMED_REQUEST, MEDIA_TYPE
from shared.errors import CalculationNotFound, ResultUnavailable, StoreUnavailable

#: NGINX closes a connection that was idle for 5 s. As long as NGINX may use it, it stays open here.
_IDLE_SECONDS = 6.0

#: Why the rest of a result cannot be sent, though it was there: it was removed, for example.
_GONE = (CalculationNotFound, ResultUnavailable, StoreUnavailable)

_logger = logging.getLogger(__name__)


class Protocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take uvicorn's arguments; see HttpToolsProtocol."""
        super().__init__(*args, **kwargs)
        self._application, self.app = self.app, self._respond
        self._task: asyncio.Task[Any] | None = None
        self._is_stopping = False

    async def _respond(self, scope: Any, receive: Any, send: Any) -> None:
        if self.transport.is_closing():
            return  # the client disconnected before this task started
        self._task = asyncio.current_task()
        try:
            await self._application(scope, receive, send)
        except asyncio.CancelledError:
            if not self.transport.is_closing():
                raise
        except _GONE as error:
            if not self.cycle.response_started:
                raise
            _logger.warning("A download breaks off: %s: %s", type(error).__name__, error)
            self.cycle.disconnected = True  # or uvicorn would report an incomplete response
            self.transport.close()
        finally:
            self._task = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the response to a client that disconnected; what it submitted is stored anyway.

        Uvicorn would discard the response piece by piece, after reading all of a long result.
        """
        super().connection_lost(exc)
        if self._task is not None:
            self._task.cancel()

    def on_headers_complete(self) -> None:
        """If this process is stopping, make this request the last one of its connection."""
        super().on_headers_complete()
        if self._is_stopping:
            self.cycle.keep_alive = False

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (uvicorn's signature)
        """Refuse what is not HTTP with a problem document, like everything else."""
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
        if self.cycle is not None:
            # The body is not HTTP: uvicorn would report it as an error of the application.
            self.cycle.disconnected = True

    def shutdown(self) -> None:
        """Close the connection without losing a request on it.

        NGINX may just be sending one on a connection that is idle here, and it may not send a POST
        twice. Uvicorn would close the connection at once.
        """
        self._is_stopping = True
        if self._is_idle():
            self.loop.call_later(_IDLE_SECONDS, self._close_if_idle)
        else:
            self.cycle.keep_alive = False

    def _is_idle(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _close_if_idle(self) -> None:
        if self._is_idle():
            self.transport.close()
