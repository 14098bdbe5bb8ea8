"""Child processes that have started and wait for a request, so that a calculation need not.

Starting one, with its interpreter and the functions' libraries, takes longer than many
calculations. Each child still runs one calculation and ends.
"""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from shared.errors import CalculationAborted

logger = logging.getLogger(__name__)

#: What a worker runs for one calculation.
CHILD_COMMAND = (sys.executable, "-m", "workers.child")


def start_child(command: Sequence[str] = CHILD_COMMAND) -> subprocess.Popen[bytes]:
    """Start a process that waits for its request, and ends with the thread that calls this.

    Raises CalculationAborted.
    """
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            # A function gets no secrets of ours.
            env={k: v for k, v in os.environ.items() if not k.startswith("RECKONER_")},
        )
    except OSError as error:
        detail = f"Its process could not be started: {error.strerror}."
        raise CalculationAborted("process-died", detail) from error


class Children:
    """Keeps a child waiting for each slot that is free. Threads may share it."""

    def __init__(self, command: Sequence[str] = CHILD_COMMAND) -> None:
        self._command = command
        # Children end with the thread that started them, so it must outlive all slots' threads.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="children")
        self._idle: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()
        self._is_closed = False

    def prepare(self) -> None:
        """Have one more wait, while nobody waits for it."""
        with suppress(RuntimeError):  # closed meanwhile
            self._starter.submit(self._prepare)

    def _prepare(self) -> None:
        try:
            child = start_child(self._command)
        except CalculationAborted as error:
            logger.warning("no process waits for the next calculation: %s", error.detail)
            return
        with self._lock:
            if not self._is_closed:
                self._idle.append(child)
                return
        _dismiss(child)

    def take(self) -> subprocess.Popen[bytes]:
        """Return one that waits, or a new one. Raises CalculationAborted."""
        while True:
            with self._lock:
                if not self._idle:
                    break
                child = self._idle.pop()
            if child.poll() is None:
                return child
            _dismiss(child)  # it was killed while it waited
        return start_child(self._command)

    def close(self) -> None:
        """End those that wait, and have no more do so."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for child in idle:
            _dismiss(child)
        self._starter.shutdown()


def _dismiss(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout, child.stderr):
        assert pipe is not None
        with suppress(BrokenPipeError):
            pipe.close()
