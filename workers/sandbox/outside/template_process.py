"""The worker's handle on its template process: start it, and have it fork (inside/template.py)."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from shared.errors import ProcessDied
from workers.sandbox.catalogue import Catalogue
from workers.sandbox.exit_reasons import NOT_STARTED
from workers.sandbox.limits import become_subreaper
from workers.sandbox.outside.forks import PendingFork, not_forked
from workers.sandbox.outside.process import ChildProcess, OwnProcess, environment_without_settings

#: What a heavy worker runs once.
TEMPLATE_COMMAND = (sys.executable, "-m", "workers.sandbox.inside.template")

_READ_BYTES = 2**16


class TemplateProcess(OwnProcess):
    """A template process that this process has started; it ends with the thread that did.

    `fork` and `request_fork` may be called from any thread.
    """

    def __init__(self, command: Sequence[str] = TEMPLATE_COMMAND) -> None:
        """Start it. Raises ProcessDied."""
        become_subreaper()
        self._sending = threading.Lock()
        self._socket, theirs = socket.socketpair()
        with theirs:
            try:
                popen = subprocess.Popen(
                    [*command, str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=2,  # so that nothing is lost that a package prints
                    start_new_session=True,
                    env=environment_without_settings(),
                    pass_fds=[theirs.fileno()],
                )
            except OSError as error:
                self._socket.close()
                detail = f"The template process could not be started: {error.strerror}."
                raise ProcessDied(NOT_STARTED, detail) from error
        super().__init__(popen.pid, popen)

    def receive_catalogue(self, within_seconds: float) -> Catalogue:
        """Wait until it has imported the functions, and return them. Raises ProcessDied."""
        until = time.monotonic() + within_seconds
        line = b""
        while not line.endswith(b"\n"):
            self._socket.settimeout(max(0.001, until - time.monotonic()))
            try:
                data = self._socket.recv(_READ_BYTES)
            except TimeoutError:
                why = f"has not imported the functions within {within_seconds:g} seconds"
                raise not_forked(why) from None
            if not data:
                raise not_forked("ended while it imported the functions")
            line += data
        self._socket.settimeout(0)
        return Catalogue.decode(line)

    def request_fork(self) -> PendingFork:
        """Request a new child, and do not wait for it. Raises ProcessDied."""
        return PendingFork(self._send_request, self.kill)

    def fork(self) -> ChildProcess:
        """Return a new child, which waits for its request. Raises ProcessDied."""
        return self.request_fork().child()

    def _send_request(self, pipes: Sequence[int]) -> None:
        with self._sending:
            try:
                socket.send_fds(self._socket, [b"F"], pipes)
            except BlockingIOError:  # it has not taken a hundred earlier ones
                self.kill()
                raise

    def close(self) -> None:
        """Kill it, and reap it. What it has forked is not its own any more, and goes on."""
        super().close()
        with self._sending:
            self._socket.close()
