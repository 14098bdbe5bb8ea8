"""Gunicorn's own asgi worker, mended where bursts of connections and our statuses need it."""

import contextlib
import functools
import http
import queue
import signal
import sys

from gunicorn.arbiter import Arbiter
from gunicorn.asgi import protocol
from gunicorn.workers.gasgi import ASGIWorker

_BACKLOG = 4_096

_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


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
