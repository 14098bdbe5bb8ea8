"""The processes that gunicorn runs: uvicorn's, with their HTTP made for standing behind NGINX."""

import contextlib
import logging
import queue
import signal
import sys
from typing import Any

from gunicorn.arbiter import Arbiter
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn_worker import UvicornWorker

_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)

#: NGINX closes a connection that it has not used for 5 s. While it may use one, it stays open.
_UNUSED_SECONDS = 6.0


class Protocol(HttpToolsProtocol):
    """One connection."""

    _is_stopping = False

    def on_headers_complete(self) -> None:
        """Answer what came in although this process is stopping, and nothing after it."""
        super().on_headers_complete()
        if self._is_stopping:
            self.cycle.keep_alive = False

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


class Worker(UvicornWorker):  # type: ignore[misc]
    """The worker that `worker_class` names."""

    CONFIG_KWARGS: dict[str, Any] = {  # noqa: RUF012 (uvicorn_worker's own declaration)
        "loop": "uvloop",
        "http": Protocol,
        "ws": "none",
        "lifespan": "on",
        "proxy_headers": False,
        # NGINX has its own.
        "server_header": False,
        "date_header": False,
        "access_log": False,
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Have uvicorn log what is wrong where all else is logged; gunicorn tells the rest."""
        super().__init__(*args, **kwargs)
        logger = logging.getLogger("uvicorn.error")
        logger.setLevel(logging.WARNING)
        logger.propagate = True


def end_when_told(arbiter: Arbiter, worker: Worker) -> None:  # noqa: ARG001
    """Let signals end a process that is still starting: gunicorn's `post_fork`.

    It begins with its parent's handlers, which put signals into a queue that nobody reads. A stop
    that came a moment after a crash waited for the whole of `graceful_timeout`.
    """
    for number in _ENDING:
        signal.signal(number, signal.SIG_DFL)
    with contextlib.suppress(queue.Empty):
        while True:
            if arbiter.SIG_QUEUE.get_nowait() in _ENDING:
                sys.exit(0)
