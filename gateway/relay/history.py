"""Keeps the history of the service: the relay stores each minute that has ended."""

import time

from sqlalchemy import Engine

from shared.store.history import find_seconds_to_next_minute, record_minute

#: After the minute has ended, so that no rounding finds it unfinished.
_SLACK_SECONDS = 0.05

#: When to try again after a failure.
_RETRY_SECONDS = 5.0


class History:
    """Stores a minute whenever one has ended by PostgreSQL's clock; one of several relays does."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._next_at = 0.0

    def run_if_due(self) -> None:
        """Store the minute, unless it has not ended or another relay has stored it."""
        if time.monotonic() < self._next_at:
            return
        # Also if it fails: the rest of the rescue must not wait for it each time.
        self._next_at = time.monotonic() + _RETRY_SECONDS
        with self._engine.begin() as connection:
            record_minute(connection)
            seconds = find_seconds_to_next_minute(connection)
        self._next_at = time.monotonic() + seconds + _SLACK_SECONDS
