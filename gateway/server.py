"""Gunicorn's own asgi worker, mended where bursts of connections and our statuses need it."""

import functools
import http

from gunicorn.asgi import protocol
from gunicorn.workers.gasgi import ASGIWorker

_BACKLOG = 4_096


class Worker(ASGIWorker):  # type: ignore[misc]
    """The worker that `worker_class` names.

    Gunicorn sets up its socket with its own backlog, but asyncio listens on it again with 100.
    """

    def _setup_event_loop(self) -> None:
        super()._setup_event_loop()
        # It knows not all statuses, and would write "416 Unknown".
        for status in http.HTTPStatus:
            protocol._REASON_PHRASES.setdefault(status.value, status.phrase)
        self.loop.create_server = functools.partial(self.loop.create_server, backlog=_BACKLOG)
