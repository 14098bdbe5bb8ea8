"""What an error of PostgreSQL means: an outage, a conflict, or a bug. Written down here for all.

Gateway, relay, workers, migrations and commands ask these functions, so that they agree on what is
tried again. The codes are those of PostgreSQL's documentation, appendix A; an error of SQLAlchemy's
is judged by the one of psycopg2's that it wraps.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.errors import StoreUnavailable

#: All that a database call may raise for a reason that is not in its arguments. What is caught by
#: this is yet to be told apart, and a bug to be raised again.
DATABASE_ERRORS = (DBAPIError, PoolTimeout, psycopg2.Error, StoreUnavailable)

#: SQLSTATE classes of a server that cannot do what it otherwise could: no connection, not enough
#: resources, an operator's intervention (a restart, a time limit), a fault of its system.
_OUTAGE_CLASSES = ("08", "53", "57", "58")

#: A session that takes no writes: the server is a standby now, or an operator said so.
_READ_ONLY = "25006"

#: The server ended a statement: it took longer than it may, or an operator wanted it so.
_CUT_SHORT = "57014"

#: PostgreSQL cannot do what was asked.
_UNSUPPORTED = "0A000"

#: Single codes of an outage, from classes that otherwise tell of a bug: a server that takes no
#: writes, such as a standby after a failover; a session that the server ended because its
#: transaction idled or took too long; a transaction of which nobody knows whether it was committed;
#: a lock that was not to be had in time.
_OUTAGES = (_READ_ONLY, "25P03", "25P04", "40003", "55P03")

#: A transaction that lost against another one. It can be run again at once.
_CONFLICTS = ("40000", "40001", "40P01")


def is_outage(error: BaseException | None) -> bool:
    """Say whether the same may well succeed later, without anybody changing the program."""
    if isinstance(error, (PoolTimeout, StoreUnavailable)):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or is_outage(error.orig)
    if not isinstance(error, psycopg2.Error):
        return False
    code = error.pgcode
    if code is None:
        # psycopg2's own: it could not connect, or its connection broke. In the midst of a COPY, and
        # in asynchronous mode, a broken connection is a DatabaseError of no further kind.
        return (
            isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError))
            or type(error) is psycopg2.DatabaseError
        )
    return code in _OUTAGES or code.startswith(_OUTAGE_CLASSES)


def is_conflict(error: BaseException | None) -> bool:
    """Say whether the same may well succeed at once."""
    return _code(error) in _CONFLICTS or _is_stale(error)


def is_transient(error: BaseException | None) -> bool:
    """Say whether it is an outage or a conflict. Anything else is a bug, and not tried again."""
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


def is_spent(error: BaseException | None) -> bool:
    """Say whether the connection that met this error is of no more use, though it is open.

    A session that began on a server without writes stays so when the server takes them again, and
    one to a standby does not follow the primary. One whose prepared statements are stale must
    prepare them anew, as a new connection does.
    """
    return _code(error) == _READ_ONLY or _is_stale(error)


def _is_stale(error: BaseException | None) -> bool:
    """Say whether a prepared statement had its columns' types changed by a migration.

    Its code is that of all that PostgreSQL cannot do; the function that raised it tells it apart.
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


def is_cut_short(error: BaseException | None) -> bool:
    """Say whether the server ended a statement that took too long."""
    return _code(error) == _CUT_SHORT


def _code(error: BaseException | None) -> str | None:
    if isinstance(error, StoreUnavailable):
        return _code(error.__cause__)
    if isinstance(error, DBAPIError):
        return _code(error.orig)
    return error.pgcode if isinstance(error, psycopg2.Error) else None


def brief(error: BaseException) -> str:
    """Return the first line of an error's message; SQLAlchemy adds statement and parameters."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
