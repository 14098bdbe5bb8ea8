"""Gunicorn's own asgi worker, with a queue for connections that is as long as bursts are."""

import functools

from gunicorn.workers.gasgi import ASGIWorker

_BACKLOG = 4_096


class Worker(ASGIWorker):  # type: ignore[misc]
    """The worker that `worker_class` names.

    Gunicorn sets up its socket with its own backlog, but asyncio listens on it again with 100.
    """

    def _setup_event_loop(self) -> None:
        super()._setup_event_loop()
        self.loop.create_server = functools.partial(self.loop.create_server, backlog=_BACKLOG)
