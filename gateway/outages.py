"""Telling a PostgreSQL that is not available from a statement that is at fault."""

import logging

import psycopg2

from shared.errors import StoreUnavailable

#: SQLSTATE of a server that takes no writes, such as a standby after a failover, and of a session
#: that the server ended while its transaction idled.
_NOT_NOW = ("25006", "25P03")

#: SQLSTATE of a transaction that lost against another and can simply be run again.
_CONFLICTS = ("40P01", "40001")

_logger = logging.getLogger(__name__)


def is_outage(error: BaseException | None) -> bool:
    """Say whether it may well succeed later. The error is psycopg2's own."""
    if isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError)):
        return True
    return isinstance(error, psycopg2.Error) and error.pgcode in _NOT_NOW


def is_conflict(error: BaseException | None) -> bool:
    """Say whether it may well succeed at once. The error is psycopg2's own."""
    return isinstance(error, psycopg2.Error) and error.pgcode in _CONFLICTS


def unavailable(error: Exception) -> StoreUnavailable:
    """Return what to raise for an outage, which is logged."""
    lines = str(error).strip().splitlines()
    _logger.warning("PostgreSQL is not available: %s", lines[0] if lines else "it does not answer")
    return StoreUnavailable()
