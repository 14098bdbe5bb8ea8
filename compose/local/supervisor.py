"""Keeps programs running: restarts those that end."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from compose.local.program import Program
from compose.services.errors import NotReady

FIRST_DELAY_SECONDS = 0.5
LAST_DELAY_SECONDS = 30.0
# A program that ran this long before it ended is restarted after the first delay again.
STEADY_SECONDS = 30.0

_TICK_SECONDS = 0.1
_REMEDY = "Correct what its log says, and try again."


class StopRequested(Exception):
    """Raised when the user requests a stop while something is being waited for."""


@dataclass
class _Watch:
    """A supervised program and when to restart it."""

    program: Program
    started_at: float
    delay: float = FIRST_DELAY_SECONDS
    due_at: float | None = None  # when to restart it; None while it runs


class Supervisor:
    """Starts programs, and restarts them whenever they end.

    `show` shows a line to the user; `stopping` returns whether the user has requested a stop.
    """

    def __init__(self, show: Callable[[str], None], stopping: Callable[[], bool]) -> None:
        self._show = show
        self._stopping = stopping
        self._watches: list[_Watch] = []

    def start(self, program: Program) -> None:
        """Start a program, and keep it running from now on."""
        program.start()
        self._watches.append(_Watch(program, time.monotonic()))

    def wait_for(self, program: Program, ready: Callable[[], bool], timeout: float) -> None:
        """Wait until `ready` returns true, at most `timeout` seconds.

        Raises `NotReady` if the program ends first or the time is over, and `StopRequested`.
        """
        give_up = time.monotonic() + timeout
        while not ready():
            if not program.running:
                problem = f"{program.name} ended while it was starting ({_ending(program)})."
                raise NotReady(problem, _REMEDY, program.name)
            if time.monotonic() > give_up:
                problem = f"{program.name} was not ready within {timeout:g} s."
                raise NotReady(problem, _REMEDY, program.name)
            self.tick()

    def run(self) -> None:
        """Keep all programs running until the user requests a stop."""
        while not self._stopping():
            self.tick()

    def tick(self) -> None:
        """Restart what is due, then sleep for a moment. Raises `StopRequested`."""
        if self._stopping():
            raise StopRequested
        for watch in self._watches:
            self._restart_if_due(watch)
        time.sleep(_TICK_SECONDS)

    def _restart_if_due(self, watch: _Watch) -> None:
        now = time.monotonic()
        program = watch.program
        if program.running:
            return
        if watch.due_at is None:
            if now - watch.started_at >= STEADY_SECONDS:
                watch.delay = FIRST_DELAY_SECONDS
            watch.due_at = now + watch.delay
            self._show(
                f"{program.name} ended ({_ending(program)}); restarting in {watch.delay:g} s"
            )
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
