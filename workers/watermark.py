"""How far along its queue a worker has come."""

from datetime import datetime


class Watermark:
    """When the message that was consumed last had been published, on PostgreSQL's clock.

    Queues are first in, first out: a message that was published well before this one, and whose
    calculation still waits, is lost. The relay's rescue draws that conclusion. It is the last and
    not the newest, which would stand for as long ahead as that clock is ever set back.
    """

    def __init__(self) -> None:
        self._last: datetime | None = None

    def note(self, published_at: datetime | None) -> None:
        """Note one that was consumed; None is of no account: its row was not marked yet."""
        if published_at is not None:
            self._last = published_at

    def __call__(self) -> datetime | None:
        """Return it; None before the first."""
        return self._last
