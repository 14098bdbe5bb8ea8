"""What the relay does once a minute: learn what functions cost, forget what nobody has any more.

Of keys it deletes expired sessions alone. Revoked keys stay: calculations name them, and there are
only as many as somebody has made by hand.
"""

import time

from sqlalchemy import Engine

from shared.store.functions import delete_unseen_functions, learn_costs
from shared.store.keys.sessions import delete_expired_sessions
from shared.store.redrives import prune_redrives

_INTERVAL_SECONDS = 60.0

#: A cost is learnt from this many runs, among the newest rows of a function.
_RUNS = 200
_ROWS = 500

#: How long the fingerprint and the costs of a function are kept that no gateway has.
_KEPT_DAYS = 30

#: How many expired sessions are deleted at once; there are seldom more.
_SESSIONS = 1_000

#: How many requests to put dead letters back are remembered.
_REDRIVES = 100


class Housekeeping:
    """Tidies up every minute, whenever it is called more often."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._next_at = 0.0

    def run_if_due(self) -> None:
        """Do it, unless the last time was less than a minute ago."""
        if time.monotonic() < self._next_at:
            return
        # Also if it fails: the rest of the rescue must not wait for it each time.
        self._next_at = time.monotonic() + _INTERVAL_SECONDS
        with self._engine.begin() as connection:
            delete_expired_sessions(connection, _SESSIONS)
        with self._engine.begin() as connection:
            learn_costs(connection, rows=_ROWS, runs=_RUNS)
            delete_unseen_functions(connection, _KEPT_DAYS)
            prune_redrives(connection, _REDRIVES)
