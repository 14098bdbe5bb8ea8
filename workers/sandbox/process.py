"""The worker's handle on one child process: start it, kill it and all that it started, reap it."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

from shared.errors import ProcessDied
from workers.sandbox.descendants import kill_orphans, note_reaped, note_started
from workers.sandbox.exit_reasons import NOT_STARTED

#: What a worker runs for one calculation.
CHILD_COMMAND = (sys.executable, "-m", "workers.sandbox.child")

_PIPE_BYTES = 2**20


class ChildProcess:
    """A child process in a session of its own, and its three pipes, none of which blocks.

    It ends with the thread that starts it. `kill` may be called from any thread, everything else
    from one at a time.
    """

    def __init__(self, command: Sequence[str] = CHILD_COMMAND) -> None:
        """Start it. Raises ProcessDied."""
        try:
            self._popen = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                # So that a function does not read settings by mistake; this is no protection
                # against one that wants to, which can read its parent's environment.
                env={k: v for k, v in os.environ.items() if not k.startswith("RECKONER_")},
            )
        except OSError as error:
            detail = f"The calculation's process could not be started: {error.strerror}."
            raise ProcessDied(NOT_STARTED, detail) from error
        note_started(self.pid)
        self.stdin, self.stdout, self.stderr = map(
            _without_blocking, (self._popen.stdin, self._popen.stdout, self._popen.stderr)
        )
        with suppress(OSError):  # a user's quota may be used up: a smaller pipe takes more reads
            fcntl.fcntl(self.stdout, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._lock = threading.Lock()
        self._is_reaped = False

    @property
    def pid(self) -> int:
        """The process id, which is also that of its group and its session."""
        return self._popen.pid

    @property
    def exit_status(self) -> int:
        """The exit status, or minus the signal that ended it, once `close` has reaped it."""
        return self._popen.returncode

    def has_ended(self) -> bool:
        """Return whether it has ended, without reaping it, so that its id stays its own."""
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, flags) is not None

    def kill(self) -> None:
        """Kill the process and its group. Do nothing once it has been reaped.

        Processes that have left the group are killed by `close`.
        """
        with self._lock:
            if not self._is_reaped:
                # The leader is ours and not reaped, so the group's id cannot be another's.
                with suppress(ProcessLookupError):
                    os.killpg(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill it and everything that it started, reap it, and close the pipes."""
        if self._is_reaped:
            return
        self.kill()
        # Outside the lock: a process that holds gigabytes takes seconds to end.
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        with self._lock:
            self._popen.wait()
            self._is_reaped = True
        note_reaped(self.pid)
        kill_orphans()
        for pipe in (self.stdin, self.stdout, self.stderr):
            with suppress(BrokenPipeError):
                pipe.close()


def _without_blocking(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    os.set_blocking(pipe.fileno(), False)
    return pipe
