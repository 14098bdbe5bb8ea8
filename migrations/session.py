"""The connection that migrates: its time-outs, its lock, and its end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from migrations.blockers import BlockerWatch
from migrations.errors import LockNotAvailable
from migrations.report import Report
from shared.postgres.servers import servers_of

#: The advisory lock of whoever migrates; any number that no other program uses.
_LOCK = 7_325_663_437

#: All requests queue up behind a statement that waits for a table's lock, so it gives up soon and
#: is tried again.
LOCK_SECONDS = 3.0

#: The validation of a constraint takes long, and blocks nobody.
_STATEMENT_SECONDS = 7_200

#: How long one statement waits for the advisory lock. The index that another session builds at the
#: same time waits for this statement's snapshot: after a second, PostgreSQL would see a deadlock.
_ADVISORY_LOCK_SECONDS = 0.5

_LOCK_NOT_AVAILABLE = "55P03"


@contextmanager
def migration_session(url: URL, report: Report) -> Iterator[Connection]:
    """Connect and take the lock of migrations; release both in any case.

    It reports what it waits for. Raises LockNotAvailable if a lock is not free within LOCK_SECONDS,
    and what SQLAlchemy raises.
    """
    # The advisory lock belongs to the session: without a pool, closing the connection releases it.
    connect = partial(servers_of(url).connect, name="reckoner migrations")
    engine = create_engine(url, poolclass=NullPool, creator=connect)
    with engine.connect() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        for name, seconds in (("statement", _STATEMENT_SECONDS), ("lock", LOCK_SECONDS)):
            connection.execute(text(f"SET {name}_timeout = {int(seconds * 1000)}"))
        connection.commit()
        with BlockerWatch(url, pid, report) as watch:
            try:
                _take_lock(connection)
                yield connection
            except DBAPIError as error:
                if not _is_lock_not_available(error):
                    raise
                raise LockNotAvailable(watch.last or "a lock that another session holds") from error


def _take_lock(connection: Connection) -> None:
    until = time.monotonic() + LOCK_SECONDS
    wait = text(f"SET LOCAL lock_timeout = {int(_ADVISORY_LOCK_SECONDS * 1000)}")
    while True:
        try:
            connection.execute(wait)
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        except DBAPIError as error:
            if not _is_lock_not_available(error) or time.monotonic() >= until:
                raise
            connection.rollback()
        else:
            connection.commit()
            return


def _is_lock_not_available(error: DBAPIError) -> bool:
    return getattr(error.orig, "pgcode", None) == _LOCK_NOT_AVAILABLE
