"""What the launcher needs of a program, be it a service or one process."""

from collections.abc import Callable
from typing import Protocol


class Program(Protocol):
    """A service or a plain process, as far as supervision needs it."""

    @property
    def name(self) -> str:
        """Its name in the log."""

    @property
    def running(self) -> bool:
        """Whether it runs now."""

    @property
    def exit_status(self) -> int | None:
        """Its last exit status, or minus the signal that killed it."""

    def start(self) -> None:
        """Start it, without waiting for it."""

    def stop(self, hurry: Callable[[], bool]) -> None:
        """Stop it with all its processes, fast once `hurry` returns true."""
