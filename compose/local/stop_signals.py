"""The signals by which a user ends `make up`."""

import signal
import time
from types import FrameType

# One wish can arrive as two signals: from the terminal or the shell, and from make, which passes on
# its own. What comes later is the user's second.
_SECOND_AFTER_SECONDS = 1.0


class StopSignals:
    """What the user has asked for by SIGINT, SIGTERM or SIGHUP: an end, or an end at once."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._hurry = False

    def catch(self) -> None:
        """Note these signals from now on, instead of dying of them."""
        signal.signal(signal.SIGINT, self._note)
        signal.signal(signal.SIGTERM, self._note)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as it is below nohup
            signal.signal(signal.SIGHUP, self._note)

    def stopping(self) -> bool:
        """Tell whether an end is wanted."""
        return self._first is not None

    def hurry(self) -> bool:
        """Tell whether the end is wanted at once."""
        return self._hurry

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = now
        elif now - self._first > _SECOND_AFTER_SECONDS:
            self._hurry = True
