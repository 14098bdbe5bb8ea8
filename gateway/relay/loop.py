"""A loop that keeps a part of the relay running: it waits for outages to end, and logs bugs.

An outage of PostgreSQL or RabbitMQ is logged in one line when it begins, once a minute while it
lasts, and when it is over. Anything else is a bug, and is logged with its traceback.
"""

import logging
import threading
import time
from collections.abc import Callable

from shared.errors import BrokerUnavailable
from shared.postgres.outages import DATABASE_ERRORS, brief, is_transient

_RETRY_SECONDS = 1.0

#: RabbitMQ may be unavailable for long, or refuse everything: the pause doubles up to this.
_LONGEST_RETRY_SECONDS = 3.0

#: A bug seldom goes away by itself, and each try logs a traceback.
_BUG_RETRY_SECONDS = 5.0
_REMINDER_SECONDS = 60.0

_logger = logging.getLogger("gateway.relay")


class Loop:
    """Runs one step after the other, and knows for how long the steps have been failing.

    `pause` waits that many seconds, or until the loop is to stop. `reset` is called after an outage
    of PostgreSQL, before the next step: it drops connections, each of which may have fallen silent
    and would have to be waited for. `on_change` is called when `problem` has changed.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], None],
        *,
        pause: Callable[[float], object],
        reset: Callable[[], None],
        on_change: Callable[[], None],
    ) -> None:
        self.name = name
        #: A sentence on what is wrong; None while steps succeed.
        self.problem: str | None = "The relay has just started."
        self._step = step
        self._pause = pause
        self._reset = reset
        self._on_change = on_change
        self._failing_since: float | None = None
        self._logged_at: dict[str, float] = {}
        self._retry_seconds = _RETRY_SECONDS

    @property
    def failing_seconds(self) -> float:
        """For how long no step has succeeded; 0 if the last one did."""
        since = self._failing_since
        return 0.0 if since is None else time.monotonic() - since

    def run_once(self) -> None:
        """Run one step, and pause if it failed."""
        try:
            self._step()
        except BrokerUnavailable as error:
            self._note_failure(str(error))
            self._pause(self._retry_seconds)
            self._retry_seconds = min(2 * self._retry_seconds, _LONGEST_RETRY_SECONDS)
        except Exception as error:
            if isinstance(error, DATABASE_ERRORS) and is_transient(error):
                self._note_failure(f"PostgreSQL is not available: {brief(error)}")
                self._reset()
                self._pause(_RETRY_SECONDS)
            else:
                _logger.exception("%s: a bug", self.name)
                self._note_failure(
                    f"A bug in the relay: {brief(error)}. Report it with the relay's log."
                )
                self._pause(_BUG_RETRY_SECONDS)
        else:
            self._note_success()

    def _note_failure(self, problem: str) -> None:
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        # Several nodes of RabbitMQ may have different problems, in turn.
        logged = {text: at for text, at in self._logged_at.items() if now - at < _REMINDER_SECONDS}
        if problem not in logged:
            _logger.warning("%s: %s", self.name, problem)
            logged[problem] = now
        self._logged_at = logged
        if problem != self.problem:
            self.problem = problem
            self._on_change()

    def _note_success(self) -> None:
        if self.problem is None:
            return
        if self._failing_since is not None:
            _logger.info("%s: works again after %.1f s", self.name, self.failing_seconds)
        self.problem = self._failing_since = None
        self._logged_at = {}
        self._retry_seconds = _RETRY_SECONDS
        self._on_change()


class LoopThread(Loop):
    """A loop in a thread of its own, from `start` until `stop`; the thread calls `on_end` last."""

    def __init__(
        self,
        name: str,
        step: Callable[[], None],
        *,
        reset: Callable[[], None],
        on_change: Callable[[], None],
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._stopping = threading.Event()
        self._on_end = on_end
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        super().__init__(name, step, pause=self._stopping.wait, reset=reset, on_change=on_change)

    @property
    def is_stopping(self) -> bool:
        """Whether a step should begin nothing new."""
        return self._stopping.is_set()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Let the thread end after its current step, or at once if it waits."""
        self._stopping.set()

    def join(self, seconds: float) -> None:
        """Wait until the thread has ended, but no longer than this."""
        self._thread.join(seconds)

    def wait(self, seconds: float) -> None:
        """Wait within a step, until the loop is to stop at the latest."""
        self._stopping.wait(seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.run_once()
        self._on_end()
