"""The signals with which a user stops `make up`."""

import signal
import time
from types import FrameType

# One Ctrl-C can arrive as two signals: from the terminal, and from make, which passes on its own. A
# later signal is a second Ctrl-C.
_SECOND_AFTER_SECONDS = 0.3


class StopSignals:
    """Whether SIGINT, SIGTERM or SIGHUP has requested a stop, and a second one a fast stop."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._hurry = False

    def catch(self) -> None:
        """Record these signals from now on, instead of being ended by them."""
        signal.signal(signal.SIGINT, self._record)
        signal.signal(signal.SIGTERM, self._record)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # ignored under nohup
            signal.signal(signal.SIGHUP, self._record)

    def stopping(self) -> bool:
        """Return whether a stop was requested."""
        return self._first is not None

    def hurry(self) -> bool:
        """Return whether a fast stop was requested."""
        return self._hurry

    def _record(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = now
        elif now - self._first > _SECOND_AFTER_SECONDS:
            self._hurry = True
