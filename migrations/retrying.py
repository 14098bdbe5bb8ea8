"""Runs a migration: retries while PostgreSQL or a lock is unavailable, and explains failures."""

import time
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError

from migrations.errors import LockNotAvailable, MigrationError
from migrations.report import Report
from shared.postgres.outages import brief, is_transient

#: When to give up after the first failure, if no migration was completed since. It does not count
#: from the start: a long migration may lose its connection late.
GIVE_UP_SECONDS = 60.0

#: Requests that queued up behind one attempt run before the next.
_PAUSE_SECONDS = 1.0

#: When the same line is written again.
_REPEAT_SECONDS = 5.0

_SHOWN_CHARACTERS = 120


def run_migration(migrate: Callable[[], None], report: Report) -> int:
    """Migrate, with retries; return the exit status, after at most two lines on what is wrong."""
    try:
        retry_migration(migrate, report)
    except LockNotAvailable as error:
        report.write_fault(f"Gave up after {GIVE_UP_SECONDS:g} s of waiting for {error}")
        report.write_fault(
            "End the session that holds it, or wait until it ends; then run this again."
        )
    except MigrationError as error:
        report.write_fault(str(error))
    except DBAPIError as error:
        report.write_fault(_explain(error))
    except KeyboardInterrupt:
        report.write_fault("Interrupted. Run this again; it continues where it stopped.")
    else:
        return 0
    return 1


def retry_migration(migrate: Callable[[], None], report: Report) -> None:
    """Migrate, and start again after an outage, a conflict or a lock that was not free in time.

    Raises what the last attempt raised, after GIVE_UP_SECONDS without a completed migration; at
    once if a retry does not help.
    """
    written_until = 0.0
    failing_since: float | None = None
    while True:
        try:
            migrate()
        except (LockNotAvailable, DBAPIError) as error:
            is_lock = isinstance(error, LockNotAvailable)  # the session has reported that
            now = time.monotonic()
            if not is_lock and not is_transient(error):
                raise
            if failing_since is None or failing_since < report.progress_at:
                failing_since = now
            if now - failing_since >= GIVE_UP_SECONDS:
                raise
            if not is_lock and now >= written_until:
                report.write(f"Waiting for PostgreSQL: {brief(error)}")
                written_until = now + _REPEAT_SECONDS
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _explain(error: DBAPIError) -> str:
    """Return what PostgreSQL answered, and what to do about it."""
    if getattr(error.orig, "pgcode", None) is None:  # there is no session that could answer
        return (
            f"PostgreSQL cannot be reached: {brief(error)}\n"
            "Check RECKONER_DATABASE_URL and that the server runs."
        )
    if not is_transient(error):
        statement = " ".join((error.statement or "").split())[:_SHOWN_CHARACTERS]
        return (
            f"PostgreSQL refused a step of the migration: {brief(error)} (in: {statement})\n"
            "Remove the cause, and run this again; it continues where it stopped."
        )
    return (
        f"PostgreSQL is not available: {brief(error)}\n"
        "Remove the cause, and run this again; it continues where it stopped."
    )
