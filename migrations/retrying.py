"""Trying again while PostgreSQL starts, or while somebody holds a lock that a migration needs."""

import time
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError

from migrations.errors import LockNotAvailable
from migrations.report import Report
from shared.postgres.outages import brief, is_transient

#: So long after a step failed first, with none done since, it gives up. Not after it began: a step
#: may take longer, and lose its connection then.
GIVE_UP_SECONDS = 60.0

#: Requests that queued up behind an attempt get their turn before the next.
_PAUSE_SECONDS = 1.0

#: The same is said again after so long.
_SAY_SECONDS = 5.0


def retry_while_unavailable(migrate: Callable[[], None], report: Report) -> None:
    """Migrate, and begin again after an outage, a conflict or a lock that was not to be had.

    Raises what the last attempt raised, once GIVE_UP_SECONDS went by so without a step; and at once
    what waiting does not help.
    """
    said_until = 0.0
    failing_since: float | None = None
    while True:
        try:
            migrate()
        except (LockNotAvailable, DBAPIError) as error:
            is_lock = isinstance(error, LockNotAvailable)  # of which the session has told
            now = time.monotonic()
            if not is_lock and not is_transient(error):
                raise
            if failing_since is None or failing_since < report.progress_at:
                failing_since = now
            if now - failing_since >= GIVE_UP_SECONDS:
                raise
            if not is_lock and now >= said_until:
                report.say(f"Waiting for PostgreSQL: {brief(error)}")
                said_until = now + _SAY_SECONDS
            time.sleep(_PAUSE_SECONDS)
        else:
            return
