"""When the heavy lane's window has room again, told from notifications of claims alone.

Asking PostgreSQL at each claim would cost as much as a short calculation. The window itself is in
shared/store/outbox/heavy_outbox.py.
"""

import math
import time

#: Over which time the rate of claims is measured.
_RATE_SECONDS = 1.0


class Window:
    """Counts claims from one take to the next.

    One thread notes claims, another takes. A claim during a take may count twice, which only wakes
    the relay early.
    """

    def __init__(self) -> None:
        self._claims = 0
        self._rate = 0.0
        self._rated_at = time.monotonic()
        self._begun_at_claims = 0
        #: While nothing waits for room, no claim makes room for anything.
        self._full_until_claims: float | None = None

    @property
    def is_full(self) -> bool:
        """Whether calculations wait for claims, as of the last take."""
        return self._full_until_claims is not None

    @property
    def has_room_again(self) -> bool:
        """Whether it was full, and enough has been claimed since."""
        until = self._full_until_claims
        return until is not None and self._claims >= until

    @property
    def has_heard_claims(self) -> bool:
        """Whether a claim was noted since the last take began."""
        return self._claims > self._begun_at_claims

    @property
    def claims_per_second(self) -> float:
        """How many calculations workers have claimed lately, of whichever relay."""
        return self._rate * math.exp((self._rated_at - time.monotonic()) / _RATE_SECONDS)

    def note_claims(self, count: int) -> None:
        """Note that workers have claimed calculations."""
        self._rate = self.claims_per_second + count / _RATE_SECONDS
        self._rated_at = time.monotonic()
        self._claims += count

    def note_returned(self, count: int) -> None:
        """Note that workers have handed calculations back: it makes room, and is no work done."""
        self._claims += count

    def begin_take(self) -> None:
        """Note that the next statement finds what is in the window."""
        self._begun_at_claims = self._claims
        self._full_until_claims = None

    def end_take(self, claims_until_room: int | None) -> None:
        """Note after how many claims there is room again; None if nothing waits."""
        if claims_until_room is not None:
            self._full_until_claims = self._begun_at_claims + claims_until_room
