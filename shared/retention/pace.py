"""How fast counting and removing go, and when they stop."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

#: A pause is so many times as long as the step before it: so at most one connection of PostgreSQL's
#: is busy, for a third of the time, and less where the machine is busy and steps take longer.
_PAUSES = 2.0
_SHORTEST_PAUSE_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Pace:
    """`pause` waits that many seconds, or less if `is_stopping` has become true."""

    pause: Callable[[float], object]
    is_stopping: Callable[[], bool]

    @contextmanager
    def step(self) -> Iterator[None]:
        """Do something, and pause for twice as long as it took."""
        began = time.monotonic()
        yield
        self.pause(max(_SHORTEST_PAUSE_SECONDS, _PAUSES * (time.monotonic() - began)))
