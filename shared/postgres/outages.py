"""Whether an error of PostgreSQL is an outage, a conflict or a bug.

Gateway, relay, workers, migrations and commands all use these functions, so that they retry the
same errors. The codes are from PostgreSQL's documentation, appendix A. An error of SQLAlchemy's
counts as the error of psycopg2's that it wraps.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.errors import StoreUnavailable

#: Everything that a database call may raise. Whoever catches this must distinguish outages from
#: bugs, and raise bugs again.
DATABASE_ERRORS = (DBAPIError, PoolTimeout, psycopg2.Error, StoreUnavailable)

#: SQLSTATE classes of outages: no connection, insufficient resources, operator intervention (a
#: restart, a time limit), system errors.
_OUTAGE_CLASSES = ("08", "53", "57", "58")

#: A read-only session: the server has become a standby, or was set to read-only.
_READ_ONLY = "25006"

#: The server cancelled a statement: it took too long, or an operator cancelled it.
_CANCELLED = "57014"

#: A statement waited longer for a lock than it may.
_LOCK_TIMEOUT = "55P03"

#: Feature not supported.
_UNSUPPORTED = "0A000"

#: Single codes of outages, from classes that otherwise mean bugs: a read-only session; a session
#: that the server ended because its transaction idled or took too long; a transaction that may or
#: may not have been committed; a lock timeout.
_OUTAGES = (_READ_ONLY, "25P03", "25P04", "40003", _LOCK_TIMEOUT)

#: A transaction that was rolled back because of another one. It can be run again at once.
_CONFLICTS = ("40000", "40001", "40P01")


def is_outage(error: BaseException | None) -> bool:
    """Say whether the same call may succeed later, without a change to the program."""
    if isinstance(error, (PoolTimeout, StoreUnavailable)):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or is_outage(error.orig)
    if not isinstance(error, psycopg2.Error):
        return False
    code = error.pgcode
    if code is None:
        # From psycopg2 itself: it could not connect, or its connection broke. During a COPY and in
        # asynchronous mode, a broken connection is a plain DatabaseError.
        return (
            isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError))
            or type(error) is psycopg2.DatabaseError
        )
    return code in _OUTAGES or code.startswith(_OUTAGE_CLASSES)


def is_conflict(error: BaseException | None) -> bool:
    """Say whether the same call may succeed at once."""
    return _code(error) in _CONFLICTS or _is_stale(error)


def is_transient(error: BaseException | None) -> bool:
    """Say whether it is an outage or a conflict. Anything else is a bug and is not retried."""
    return is_outage(error) or is_conflict(error)


@contextmanager
def outages_raised(logger: logging.Logger | None = None) -> Iterator[None]:
    """Raise StoreUnavailable for an outage or a conflict, and log it; raise a bug as it is."""
    try:
        yield
    except DATABASE_ERRORS as error:
        if not is_transient(error):
            raise
        if logger is not None:
            logger.warning("PostgreSQL is not available: %s", brief(error))
        if isinstance(error, StoreUnavailable):
            raise
        raise StoreUnavailable(brief(error)) from error


def is_connection_unusable(error: BaseException | None) -> bool:
    """Say whether the connection that raised this error must be replaced, though it is open.

    A session that began on a read-only server stays read-only when the server accepts writes again,
    and one to a standby does not follow the primary. One whose prepared statements are stale must
    prepare them again, as a new connection does.
    """
    return _code(error) == _READ_ONLY or _is_stale(error)


def _is_stale(error: BaseException | None) -> bool:
    """Say whether a migration has changed the types of a prepared statement's columns.

    The code is that of all unsupported features; only the C function that raised it is specific.
    """
    if isinstance(error, StoreUnavailable):
        return _is_stale(error.__cause__)
    if isinstance(error, DBAPIError):
        return _is_stale(error.orig)
    return (
        isinstance(error, psycopg2.Error)
        and error.pgcode == _UNSUPPORTED
        and error.diag.source_function == "RevalidateCachedQuery"
    )


def is_statement_cancelled(error: BaseException | None) -> bool:
    """Say whether the server cancelled a statement, because it took too long for example."""
    return _code(error) == _CANCELLED


def is_lock_timeout(error: BaseException | None) -> bool:
    """Say whether a statement waited for a lock longer than it may."""
    return _code(error) == _LOCK_TIMEOUT


def _code(error: BaseException | None) -> str | None:
    if isinstance(error, StoreUnavailable):
        return _code(error.__cause__)
    if isinstance(error, DBAPIError):
        return _code(error.orig)
    return error.pgcode if isinstance(error, psycopg2.Error) else None


def brief(error: BaseException) -> str:
    """Return the first line of the message, without SQLAlchemy's statement and parameters."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
