"""`python -m workers quick` and `python -m workers heavy`: one worker process.

This is what Docker Compose and `make up` run. SIGTERM, SIGINT and SIGHUP stop it.
"""

import sys
import threading

from shared.calculation import Lane
from shared.startup import USAGE_STATUS, call_on_stop_signals
from workers.app import make_worker_broker, run


def main(arguments: list[str]) -> int:
    """Run a worker of the lane that the command line names; return the exit status."""
    if arguments not in ([Lane.QUICK], [Lane.HEAVY]):
        sys.stderr.write("usage: python -m workers quick|heavy\n")
        return USAGE_STATUS
    broker = make_worker_broker(Lane(arguments[0]))
    stopping = threading.Event()
    call_on_stop_signals(stopping.set)
    run(broker, stopping)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
