"""Keeps programs running: brings back those that die, and stops all of them in order."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from compose.services.errors import NotReady

FIRST_DELAY_SECONDS = 0.5
LAST_DELAY_SECONDS = 30.0
# One that ran this long before it died is brought back as fast as one that never died.
STEADY_SECONDS = 30.0

_TICK_SECONDS = 0.1


class Program(Protocol):
    """What can be supervised: a service, or a plain process."""

    @property
    def name(self) -> str:
        """Its name in the log."""

    @property
    def running(self) -> bool:
        """Whether it runs now."""

    @property
    def exit_status(self) -> int | None:
        """How it ended last."""

    def start(self) -> None:
        """Start it, without waiting for it."""

    def stop(self, hurry: Callable[[], bool]) -> None:
        """Stop it; nothing of it stays."""


class StopRequested(Exception):
    """Raised when the user wants an end while something is being waited for."""


@dataclass
class _Watch:
    """What is known of a supervised program."""

    program: Program
    started_at: float
    delay: float = FIRST_DELAY_SECONDS
    due_at: float | None = None  # when to bring it back; None while it runs


class Supervisor:
    """Starts programs, and starts them again whenever they die.

    `say` shows a line to the user, who wants an end once `stopping` says so.
    """

    def __init__(self, say: Callable[[str], None], stopping: Callable[[], bool]) -> None:
        self._say = say
        self._stopping = stopping
        self._watches: list[_Watch] = []

    def start(self, program: Program) -> None:
        """Start a program, and keep it running from now on."""
        program.start()
        self._watches.append(_Watch(program, time.monotonic()))

    def wait_for(self, program: Program, ready: Callable[[], bool], timeout: float) -> None:
        """Wait until `ready` says so, which is what the program is needed for.

        Raises `NotReady` if the program dies meanwhile or the time runs out, and `StopRequested`.
        """
        give_up = time.monotonic() + timeout
        while not ready():
            if not program.running:
                problem = f"{program.name} ended at its start ({_ending(program)})."
                raise NotReady(problem, "Its lines above say why.")
            if time.monotonic() > give_up:
                problem = f"{program.name} was not ready within {timeout:g} s."
                raise NotReady(problem, "The lines above say why.")
            self.tick()

    def run(self) -> None:
        """Keep all programs running until the user wants an end."""
        while not self._stopping():
            self.tick()

    def tick(self) -> None:
        """Bring back what is due, and let a moment pass. Raises `StopRequested`."""
        if self._stopping():
            raise StopRequested
        for watch in self._watches:
            self._care_for(watch)
        time.sleep(_TICK_SECONDS)

    def stop(self, groups: Sequence[Sequence[Program]], hurry: Callable[[], bool]) -> None:
        """Stop one group after the other, the programs of a group at the same time."""
        for group in groups:
            with ThreadPoolExecutor(max_workers=max(1, len(group))) as threads:
                list(threads.map(lambda program: program.stop(hurry), group))

    def _care_for(self, watch: _Watch) -> None:
        now = time.monotonic()
        program = watch.program
        if program.running:
            return
        if watch.due_at is None:
            if now - watch.started_at >= STEADY_SECONDS:
                watch.delay = FIRST_DELAY_SECONDS
            watch.due_at = now + watch.delay
            self._say(f"{program.name} ended ({_ending(program)}), again in {watch.delay:g} s")
            watch.delay = min(2 * watch.delay, LAST_DELAY_SECONDS)
        elif now >= watch.due_at:
            watch.started_at, watch.due_at = now, None
            program.start()


def _ending(program: Program) -> str:
    """Describe how a program ended last."""
    status = program.exit_status
    if status is not None and status < 0:
        return f"signal {-status}"
    return f"status {status}"
