"""The worker's handle on its template process: start it, and have it fork. See template.py."""

import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import NoReturn

from shared.errors import ProcessDied
from workers.sandbox.catalogue import Catalogue
from workers.sandbox.descendants import fork_under_way
from workers.sandbox.exit_reasons import NOT_STARTED
from workers.sandbox.limits import become_subreaper
from workers.sandbox.process import ChildProcess, OwnProcess, environment_without_settings
from workers.sandbox.template import PID

#: What a heavy worker runs once.
TEMPLATE_COMMAND = (sys.executable, "-m", "workers.sandbox.template")

#: How long a fork may take, on a machine that is much too busy. After that, the template hangs.
FORK_SECONDS = 10.0

_READ_BYTES = 2**16


class TemplateProcess(OwnProcess):
    """A template process that this process has started; it ends with the thread that did.

    `fork` may be called from any thread.
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
                raise _not_forked(why) from None
            if not data:
                raise _not_forked("ended while it imported the functions")
            line += data
        self._socket.settimeout(0)
        return Catalogue.decode(line)

    def fork(self) -> ChildProcess:
        """Return a new child, which waits for its request.

        Raises ProcessDied if the template has ended, cannot fork, or hangs. One that hangs is
        killed; what it may still have forked ends when its pipes do.
        """
        with ExitStack() as ours, fork_under_way():
            stdin, stdout, stderr = os.pipe(), os.pipe(), os.pipe()
            pipes = [
                ours.enter_context(os.fdopen(stdin[1], "wb", buffering=0)),
                ours.enter_context(os.fdopen(stdout[0], "rb", buffering=0)),
                ours.enter_context(os.fdopen(stderr[0], "rb", buffering=0)),
            ]
            self._send_request([stdin[0], stdout[1], stderr[1]])
            child = ChildProcess(self._receive_pid(pipes[1].fileno()), pipes)
            ours.pop_all()
            return child

    def _send_request(self, pipes: list[int]) -> None:
        """Send these descriptors, and close them here."""
        try:
            with self._sending:
                socket.send_fds(self._socket, [b"F"], pipes)
        except BlockingIOError:
            self._hangs()
        except OSError:
            raise _not_forked("has ended") from None
        finally:
            for pipe in pipes:
                os.close(pipe)

    def _receive_pid(self, pipe: int) -> int:
        """Return the id of a new child of this process, which the child writes."""
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        if not poll.poll(FORK_SECONDS * 1000):
            self._hangs()
        data = os.read(pipe, PID.size)
        if len(data) < PID.size:
            raise _not_forked("has ended, or cannot fork")
        pid: int = PID.unpack(data)[0]
        return pid

    def _hangs(self) -> NoReturn:
        self.kill()
        raise _not_forked(f"has not answered for {FORK_SECONDS:g} seconds, and was killed")

    def close(self) -> None:
        """Kill it, and reap it. What it has forked is not its own any more, and goes on."""
        super().close()
        with self._sending:
            self._socket.close()


def _not_forked(why: str) -> ProcessDied:
    return ProcessDied(NOT_STARTED, f"The template process {why}.")
