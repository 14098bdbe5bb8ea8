"""Child processes that have started and wait for a request, so that a calculation need not.

Starting one, with its interpreter and the functions' libraries, takes longer than many
calculations. Each child still runs one calculation and ends.
"""

import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from shared.errors import ProcessDied
from workers.sandbox.descendants import note_reaped, note_started
from workers.sandbox.exit_reasons import NOT_STARTED

logger = logging.getLogger(__name__)

#: What a worker runs for one calculation.
CHILD_COMMAND = (sys.executable, "-m", "workers.sandbox.child")


def start_child(command: Sequence[str] = CHILD_COMMAND) -> subprocess.Popen[bytes]:
    """Start a process that waits for its request, and ends with the thread that calls this.

    Raises ProcessDied.
    """
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            # Not handed on by mistake. What looks for them finds them in this process's own.
            env={k: v for k, v in os.environ.items() if not k.startswith("RECKONER_")},
        )
    except OSError as error:
        detail = f"Its process could not be started: {error.strerror}."
        raise ProcessDied(NOT_STARTED, detail) from error
    note_started(child.pid)
    return child


class SpareChildren:
    """Keeps a child waiting for each slot that is free. Threads may share it.

    All is done by one thread, in turn: children end with the thread that started them, so it has to
    outlive those of the slots, and none is started while another is about to be ready.
    """

    def __init__(self, command: Sequence[str] = CHILD_COMMAND) -> None:
        self._command = command
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="children")
        self._idle: list[subprocess.Popen[bytes]] = []

    def prepare(self) -> None:
        """Have one more wait soon: at the start for each slot, and for each that was taken."""
        with suppress(RuntimeError):  # closed meanwhile
            self._starter.submit(self._prepare)

    def take(self) -> subprocess.Popen[bytes]:
        """Return one that waits, or a new one. Raises ProcessDied."""
        try:
            taken = self._starter.submit(self._take)
        except RuntimeError as error:
            raise ProcessDied(NOT_STARTED, "Its worker has stopped.") from error
        return taken.result()

    def close(self) -> None:
        """End those that wait, and have no more do so."""
        self._starter.submit(self._dismiss_all)
        self._starter.shutdown()

    def _prepare(self) -> None:
        try:
            self._idle.append(start_child(self._command))
        except ProcessDied as error:
            logger.warning("no process waits for the next calculation: %s", error.detail)

    def _take(self) -> subprocess.Popen[bytes]:
        while self._idle:
            child = self._idle.pop()
            if child.poll() is None:
                return child
            _dismiss(child)  # it was killed while it waited
        return start_child(self._command)

    def _dismiss_all(self) -> None:
        while self._idle:
            _dismiss(self._idle.pop())


def _dismiss(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    note_reaped(child.pid)
    for pipe in (child.stdin, child.stdout, child.stderr):
        assert pipe is not None
        with suppress(BrokenPipeError):
            pipe.close()
