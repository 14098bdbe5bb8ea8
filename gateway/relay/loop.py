"""A part of the relay that goes on whatever happens: outages are waited out, bugs are logged.

The two are told apart. An outage of a neighbour is a line of log when it begins, one a minute while
it lasts, and one when it is over. Anything else is a bug of ours, and logged with its traceback.
"""

import logging
import threading
import time
from collections.abc import Callable

from shared.errors import BrokerUnavailable
from shared.postgres.outages import DATABASE_ERRORS, brief, is_transient

_RETRY_SECONDS = 1.0

#: RabbitMQ may be away for long, or refuse for good: there is no use in asking every second.
_LONGEST_RETRY_SECONDS = 3.0

#: What a bug breaks, a second try seldom mends, and each try writes a traceback.
_BUG_RETRY_SECONDS = 5.0
_REMINDER_SECONDS = 60.0

_logger = logging.getLogger("gateway.relay")


class Loop:
    """Does its turns one after the other, and knows for how long they have been failing.

    `pause` waits for so many seconds, or until the loop is to end. `forget` is called before the
    next try when PostgreSQL could not be used: connections that fell silent would each be waited
    for. `changed` is called when `problem` has changed.
    """

    def __init__(
        self,
        name: str,
        turn: Callable[[], None],
        *,
        pause: Callable[[float], object],
        forget: Callable[[], None],
        changed: Callable[[], None],
    ) -> None:
        self.name = name
        #: What is wrong, in words; None while turns go well.
        self.problem: str | None = "It has only just been started."
        self._turn = turn
        self._pause = pause
        self._forget = forget
        self._changed = changed
        self._failing_since: float | None = None
        self._said_at: dict[str, float] = {}
        self._retry_seconds = _RETRY_SECONDS

    @property
    def failing_seconds(self) -> float:
        """For how long no turn has gone well; 0 if the last one did."""
        since = self._failing_since
        return 0.0 if since is None else time.monotonic() - since

    def do_turn(self) -> None:
        """Do one turn, and pause if it failed."""
        try:
            self._turn()
        except BrokerUnavailable as error:
            self._fail(str(error))
            self._pause(self._retry_seconds)
            self._retry_seconds = min(2 * self._retry_seconds, _LONGEST_RETRY_SECONDS)
        except Exception as error:
            if isinstance(error, DATABASE_ERRORS) and is_transient(error):
                self._fail(f"PostgreSQL is not available: {brief(error)}")
                self._forget()
                self._pause(_RETRY_SECONDS)
            else:
                _logger.exception("%s: a bug", self.name)
                self._fail(f"A bug in the relay: {brief(error)}. Report it with the relay's log.")
                self._pause(_BUG_RETRY_SECONDS)
        else:
            self._go_on()

    def _fail(self, problem: str) -> None:
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        # Several nodes of RabbitMQ may each have another problem, in turn.
        said = {said: at for said, at in self._said_at.items() if now - at < _REMINDER_SECONDS}
        if problem not in said:
            _logger.warning("%s: %s", self.name, problem)
            said[problem] = now
        self._said_at = said
        if problem != self.problem:
            self.problem = problem
            self._changed()

    def _go_on(self) -> None:
        if self.problem is None:
            return
        if self._failing_since is not None:
            _logger.info("%s: works again after %.1f s", self.name, self.failing_seconds)
        self.problem = self._failing_since = None
        self._said_at = {}
        self._retry_seconds = _RETRY_SECONDS
        self._changed()


class LoopThread(Loop):
    """A loop in a thread of its own, from `start` until `stop`; it calls `at_end` last."""

    def __init__(
        self,
        name: str,
        turn: Callable[[], None],
        *,
        forget: Callable[[], None],
        changed: Callable[[], None],
        at_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._stopping = threading.Event()
        self._at_end = at_end
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        super().__init__(name, turn, pause=self._stopping.wait, forget=forget, changed=changed)

    @property
    def is_stopping(self) -> bool:
        """Whether a turn need not begin anything new."""
        return self._stopping.is_set()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Have it end after the turn that it is doing."""
        self._stopping.set()

    def join(self, seconds: float) -> None:
        """Wait until it has ended, but no longer than this."""
        self._thread.join(seconds)

    def wait(self, seconds: float) -> None:
        """Let time pass within a turn, until it is to stop."""
        self._stopping.wait(seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.do_turn()
        self._at_end()
