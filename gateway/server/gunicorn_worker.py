"""Gunicorn's worker process: uvicorn on uvloop, its settings, its heartbeat and its signals."""

import asyncio
import contextlib
import logging
import queue
import signal
import sys
from typing import Any

from gunicorn.arbiter import Arbiter
from uvicorn_worker import UvicornWorker

from gateway.server.protocol import Protocol

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)

#: Gunicorn kills a process whose last heartbeat is a minute old.
_HEARTBEAT_SECONDS = 5.0


class Worker(UvicornWorker):  # type: ignore[misc]
    """The worker that gunicorn's `worker_class` names."""

    CONFIG_KWARGS: dict[str, Any] = {  # noqa: RUF012 (uvicorn_worker's own declaration)
        "loop": "uvloop",
        "http": Protocol,
        "ws": "none",
        "lifespan": "on",
        "proxy_headers": False,
        # NGINX sends its own.
        "server_header": False,
        "date_header": False,
        "access_log": False,
        # Uvicorn's heartbeat depends on the wall clock, which may be set back, and stops before
        # the last response.
        "callback_notify": None,
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Pass uvicorn's warnings and errors to the root logger; gunicorn logs the rest."""
        super().__init__(*args, **kwargs)
        logger = logging.getLogger("uvicorn.error")
        logger.setLevel(logging.WARNING)
        logger.propagate = True

    async def _serve(self) -> None:
        heartbeat = asyncio.create_task(self._send_heartbeats())
        try:
            await super()._serve()
        finally:
            heartbeat.cancel()

    async def _send_heartbeats(self) -> None:
        while True:
            self.notify()
            await asyncio.sleep(_HEARTBEAT_SECONDS)


def post_fork(arbiter: Arbiter, worker: Worker) -> None:  # noqa: ARG001 (gunicorn's signature)
    """Let signals end a process that is still starting. A hook of gunicorn's.

    The process inherits its parent's handlers, which put signals into a queue that it never reads:
    a stop during its start would take all of `graceful_timeout`.
    """
    for number in _STOP_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    with contextlib.suppress(queue.Empty):
        while True:
            if arbiter.SIG_QUEUE.get_nowait() in _STOP_SIGNALS:
                sys.exit(0)
