"""`python -m workers quick` and `python -m workers heavy`: one worker process, without Dramatiq's.

This is what Docker Compose and `make up` run. SIGTERM, SIGINT and SIGHUP stop it.
"""

import os
import signal
import sys
import threading
from types import FrameType

from shared.calculation import Lane
from workers.app import make_worker_broker, run
from workers.lifecycle import USAGE_STATUS


def main(arguments: list[str]) -> int:
    """Run a worker of the lane that the command line names; return the exit status."""
    if arguments not in ([Lane.QUICK], [Lane.HEAVY]):
        sys.stderr.write("usage: python -m workers quick|heavy\n")
        return USAGE_STATUS
    broker = make_worker_broker(Lane(arguments[0]))
    run(broker, _stop_on_signals())
    return 0


def _stop_on_signals() -> threading.Event:
    """Return an event that SIGTERM, SIGINT and SIGHUP set.

    A second SIGTERM or SIGINT ends the process at once. A second SIGHUP does not: when a terminal
    closes, the kernel and the shell each send one.
    """
    stopping = threading.Event()
    has_stopped = False

    def stop(number: int, _frame: FrameType | None) -> None:
        nonlocal has_stopped
        # Not by the event: a handler that interrupts `set` would wait for its lock for ever.
        if not has_stopped:
            has_stopped = True
            stopping.set()
        elif number != signal.SIGHUP:
            os._exit(128 + number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
        signal.signal(signal.SIGHUP, stop)
    return stopping


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
