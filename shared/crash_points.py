"""Points at which a process kills itself, for the fault tests. Inactive by default.

A test starts a process with RECKONER_CRASH_POINT set to one of the names below; the process then
kills itself with SIGKILL when it first reaches that point. The variable is read when a process
starts, so that a crash point costs one comparison.
"""

import os
import signal

RELAY_BEFORE_MARK = "relay-before-mark"
QUICK_BEFORE_COMMIT = "quick-before-commit"
QUICK_BEFORE_ACKNOWLEDGE = "quick-before-acknowledge"
HEAVY_AFTER_CLAIM = "heavy-after-claim"
HEAVY_BEFORE_FINISH = "heavy-before-finish"
GATEWAY_BEFORE_ANSWER = "gateway-before-answer"

_armed: str | None = None


def arm_from_environment() -> None:
    """Read at which point, if any, this process should kill itself."""
    global _armed
    _armed = os.environ.get("RECKONER_CRASH_POINT")


def crash_point(name: str) -> None:
    """Kill this process if this is the chosen point."""
    if name == _armed:
        os.kill(os.getpid(), signal.SIGKILL)
