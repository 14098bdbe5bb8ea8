"""Places where a process can be made to die, for the fault tests. Inert unless asked for.

A test starts a process with RECKONER_CRASH_POINT set to one of the names below; the process then
kills itself with SIGKILL the first time that it gets there, as a power cut would. The variable is
read when a process sets itself up, so a normal run costs one comparison.
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
    """Read which point, if any, this process is to die at."""
    global _armed
    _armed = os.environ.get("RECKONER_CRASH_POINT")


def crash_point(name: str) -> None:
    """Die here if this is the point."""
    if name == _armed:
        os.kill(os.getpid(), signal.SIGKILL)
