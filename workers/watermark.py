"""How far along its queue a worker has come."""

from datetime import datetime


class Watermark:
    """When the newest message that was consumed had been published, on PostgreSQL's clock.

    Queues are first in, first out: a message that was published well before this one, and whose
    calculation still waits, is lost. The relay's rescue draws that conclusion.
    """

    def __init__(self) -> None:
        self._newest: datetime | None = None

    def note(self, published_at: datetime | None) -> None:
        """Note one that was consumed; None is of no account: its row was not marked yet."""
        if published_at is not None and (self._newest is None or published_at > self._newest):
            self._newest = published_at

    def __call__(self) -> datetime | None:
        """Return it; None before the first."""
        return self._newest
