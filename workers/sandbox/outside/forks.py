"""A fork that a worker has requested of its template process, until it is known which it is."""

import os
import select
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import IO

from shared.errors import ProcessDied
from workers.sandbox.exit_reasons import NOT_STARTED
from workers.sandbox.outside.descendants import note_fork_requested, note_fork_settled
from workers.sandbox.outside.process import ChildProcess
from workers.sandbox.protocol import PID

#: How long a fork may take, on a machine that is much too busy. After that, the template hangs.
FORK_SECONDS = 10.0


class PendingFork:
    """The pipes of a fork, which waits for its request. Settle each, by `child` or `discard`."""

    def __init__(
        self, request: Callable[[Sequence[int]], None], kill_template: Callable[[], None]
    ) -> None:
        """Request it: `request` sends the ends of the pipes that the fork gets.

        Raises ProcessDied.
        """
        self._kill_template = kill_template
        note_fork_requested()
        try:
            with ExitStack() as made:
                self._pipes, theirs = _make_pipes(made)
                request([end.fileno() for end in theirs])
                for end in theirs:
                    end.close()
                made.pop_all()
        except OSError as error:
            note_fork_settled()
            raise not_forked(f"cannot be asked for a fork: {error.strerror}") from error

    def child(self) -> ChildProcess:
        """Return the fork. Raises ProcessDied if there is none; a template that hangs is killed."""
        try:
            child = ChildProcess(self._receive_pid(), self._pipes)
        except (ProcessDied, OSError):
            self.discard()
            raise
        note_fork_settled()
        return child

    def _receive_pid(self) -> int:
        """Return the id of a child of this process: the fork writes it when it has become one."""
        if not self._has_answered(FORK_SECONDS):
            self._kill_template()
            raise not_forked(f"has not answered for {FORK_SECONDS:g} seconds, and was killed")
        pid = self._read_pid()
        if pid is None:
            raise not_forked("has ended, or cannot fork")
        return pid

    def _has_answered(self, within_seconds: float) -> bool:
        poll = select.poll()
        poll.register(self._pipes[1].fileno(), select.POLLIN)
        return bool(poll.poll(within_seconds * 1000))

    def _read_pid(self) -> int | None:
        data = os.read(self._pipes[1].fileno(), PID.size)
        return PID.unpack(data)[0] if len(data) == PID.size else None

    def discard(self) -> None:
        """End and reap it; one that is still to come finds the end of the file, and ends."""
        pid = self._read_pid() if self._has_answered(0) else None
        if pid is not None:
            # Others may wait for long, and until then `kill_orphans` would spare it.
            ChildProcess(pid, self._pipes).close()
        for pipe in self._pipes:
            pipe.close()
        note_fork_settled()


def _make_pipes(opened: ExitStack) -> tuple[list[IO[bytes]], list[IO[bytes]]]:
    """Return this process's ends of standard input, output and error of a child, and its own."""
    ours: list[IO[bytes]] = []
    theirs: list[IO[bytes]] = []
    for is_input in (True, False, False):
        reading, writing = os.pipe()
        reader = opened.enter_context(os.fdopen(reading, "rb", buffering=0))
        writer = opened.enter_context(os.fdopen(writing, "wb", buffering=0))
        ours.append(writer if is_input else reader)
        theirs.append(reader if is_input else writer)
    return ours, theirs


def not_forked(why: str) -> ProcessDied:
    """Return the error for a template that has not forked."""
    return ProcessDied(NOT_STARTED, f"The template process {why}.")
