"""The worker's handle on a process of its own: kill it and all that it started, and reap it."""

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
from workers.sandbox.exit_reasons import NOT_STARTED
from workers.sandbox.outside.descendants import kill_orphans, note_reaped, note_started

#: An interpreter of its own for one calculation.
CHILD_COMMAND = (sys.executable, "-m", "workers.sandbox.inside.child")

_PIPE_BYTES = 2**20


class OwnProcess:
    """A process in a session of its own, of which this process is the parent.

    `kill` may be called from any thread, everything else from one at a time.
    """

    def __init__(self, pid: int, popen: "subprocess.Popen[bytes] | None" = None) -> None:
        """Take charge of it; `popen` is what started it, if it was started from here."""
        #: The process id, which is also that of its group and its session.
        self.pid = pid
        #: The exit status, or minus the signal that ended it, once `close` has reaped it.
        self.exit_status = 0
        self._popen = popen
        self._lock = threading.Lock()
        self._is_reaped = False
        note_started(pid)

    def has_ended(self) -> bool:
        """Return whether it has ended, without reaping it, so that its id stays its own."""
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, flags) is not None

    def wait(self) -> None:
        """Wait until it has ended, without reaping it."""
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)

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
        """Kill it and everything that it started, and reap it."""
        if self._is_reaped:
            return
        self.kill()
        self.wait()  # outside the lock: a process that holds gigabytes takes seconds to end
        with self._lock:
            self.exit_status = self._reap()
            self._is_reaped = True
        note_reaped(self.pid)
        kill_orphans()

    def _reap(self) -> int:
        if self._popen is not None:
            return self._popen.wait()
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class ChildProcess(OwnProcess):
    """The process of one calculation, and its three pipes, none of which blocks."""

    def __init__(
        self,
        pid: int,
        pipes: Sequence[IO[bytes]],
        popen: "subprocess.Popen[bytes] | None" = None,
    ) -> None:
        """`pipes` are the other ends of its standard input, output and error."""
        super().__init__(pid, popen)
        self.stdin, self.stdout, self.stderr = pipes
        for pipe in pipes:
            os.set_blocking(pipe.fileno(), False)
        with suppress(OSError):  # a user's quota may be used up: a smaller pipe takes more reads
            fcntl.fcntl(self.stdout, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    def close(self) -> None:
        """Kill it and everything that it started, reap it, and close the pipes."""
        super().close()
        for pipe in (self.stdin, self.stdout, self.stderr):
            with suppress(BrokenPipeError):
                pipe.close()


class FreshChild(ChildProcess):
    """A child with an interpreter of its own. It ends with the thread that starts it."""

    def __init__(self, command: Sequence[str] = CHILD_COMMAND) -> None:
        """Start it. Raises ProcessDied."""
        try:
            popen = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                env=environment_without_settings(),
            )
        except OSError as error:
            detail = f"The calculation's process could not be started: {error.strerror}."
            raise ProcessDied(NOT_STARTED, detail) from error
        pipes = [pipe for pipe in (popen.stdin, popen.stdout, popen.stderr) if pipe is not None]
        super().__init__(popen.pid, pipes, popen)


def environment_without_settings() -> dict[str, str]:
    """Return this process's environment without Reckoner's settings.

    So that a function does not read them by mistake; this is no protection against one that wants
    to, which can read its parent's environment.
    """
    return {k: v for k, v in os.environ.items() if not k.startswith("RECKONER_")}
