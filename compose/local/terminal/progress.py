"""The steps of a start or a stop: one line for each, and on a terminal what goes on now."""

import contextlib
import threading
import time
from collections.abc import Iterator

from compose.local.terminal.screen import DIM, GREEN, RED, YELLOW, Screen
from compose.services.errors import ServiceError

_WHEEL = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ASCII_WHEEL = "|/-\\"
_TURNS_PER_SECOND = 10
_NAME_WIDTH = len("operator's key") + 2


class Progress:
    """Shows steps, of which several may go on at a time. `verb` is what happens to them."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._begun: dict[str, float] = {}
        self._lock = threading.Lock()
        self._verb = "Starting"
        screen.status = self.status

    def begin(self, *steps: str, verb: str = "Starting") -> None:
        """Begin steps; those that have begun go on."""
        with self._lock:
            self._verb = verb
            for step in steps:
                self._begun.setdefault(step, time.monotonic())

    @contextlib.contextmanager
    def end_of(self, step: str, note: str = "") -> Iterator[None]:
        """Show that the step has succeeded or failed as this does."""
        with self.part_of(step):
            yield
        self.done(step, note)

    @contextlib.contextmanager
    def part_of(self, step: str) -> Iterator[None]:
        """Show that the step has failed if this does."""
        self.begin(step)
        try:
            yield
        except ServiceError:
            self._show("✗", "failed", RED, step, "")
            self.clear()
            raise

    def end(self, step: str) -> None:
        """Forget a step, without a line for it."""
        with self._lock:
            self._begun.pop(step, None)

    def clear(self) -> None:
        """Forget all steps."""
        with self._lock:
            self._begun.clear()

    def done(self, step: str, note: str = "") -> None:
        """Show that a step has succeeded, how long it took, and a note."""
        self._show("✓", "ok", GREEN, step, note)

    def unsure(self, step: str, note: str) -> None:
        """Show that a step did not succeed, and that the rest goes on without it."""
        self._show("!", "!", YELLOW, step, note)

    def status(self) -> str:
        """Return what goes on now and for how long, or nothing."""
        with self._lock:
            if not self._begun:
                return ""
            seconds = time.monotonic() - min(self._begun.values())
            wheel = _WHEEL if self._screen.has_unicode else _ASCII_WHEEL
            turn = wheel[int(time.monotonic() * _TURNS_PER_SECOND) % len(wheel)]
            return f"  {turn} {self._verb} {', '.join(self._begun)} ({seconds:.0f} s)"

    def _show(self, mark: str, ascii_mark: str, colour: str, step: str, note: str) -> None:
        with self._lock:
            now = time.monotonic()
            seconds = now - self._begun.pop(step, now)
        screen = self._screen
        shown = screen.coloured(mark if screen.has_unicode else f"{ascii_mark:<6}", colour)
        line = f"  {shown} {step:<{_NAME_WIDTH}}{seconds:6.1f} s"
        screen.show(f"{line}   {screen.coloured(note, DIM)}" if note else line)
