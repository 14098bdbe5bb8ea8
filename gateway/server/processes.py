"""The processes that gunicorn runs: uvicorn's, and their end."""

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

_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)

#: Gunicorn ends a process that has not been heard of for a minute.
_BEAT_SECONDS = 5.0


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
        # Uvicorn's goes by the time of day, which may be set back, and ends before the last answer.
        "callback_notify": None,
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Have uvicorn log what is wrong where all else is logged; gunicorn tells the rest."""
        super().__init__(*args, **kwargs)
        logger = logging.getLogger("uvicorn.error")
        logger.setLevel(logging.WARNING)
        logger.propagate = True

    async def _serve(self) -> None:
        beating = asyncio.create_task(self._beat())
        try:
            await super()._serve()
        finally:
            beating.cancel()

    async def _beat(self) -> None:
        while True:
            self.notify()
            await asyncio.sleep(_BEAT_SECONDS)


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
