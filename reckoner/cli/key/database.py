"""The transaction of a subcommand, and what is said when PostgreSQL does not allow it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from shared.config import Settings
from shared.errors import StoreUnavailable
from shared.postgres.connections import make_engine
from shared.postgres.outages import DATABASE_ERRORS, brief, outages_raised
from shared.startup import load_settings_or_exit

_FAILED_STATUS = 1

_MISSING_TABLE_OR_COLUMN = ("42P01", "42703")
_NO_PERMISSION = "42501"


@contextmanager
def transaction() -> Iterator[Connection]:
    """Yield a connection to the database of the settings; exit with a sentence if it fails."""
    settings = load_settings_or_exit()
    engine = make_engine(settings.sqlalchemy_url, connections=1, name="reckoner key")
    try:
        with outages_raised(), engine.begin() as connection:
            yield connection
    except DATABASE_ERRORS as error:
        explanation = _explain(error, settings)
        if explanation is None:
            raise
        fail(explanation)
    finally:
        engine.dispose()


def fail(sentences: str) -> NoReturn:
    """Say why the command failed and what to do, and exit."""
    say(sentences)
    sys.exit(_FAILED_STATUS)


def say(sentences: str) -> None:
    """Write for people: standard output is for keys and lists."""
    click.echo(sentences, err=True)


def _explain(error: BaseException, settings: Settings) -> str | None:
    """Return what is wrong and what to do; None for an error that is a bug."""
    if isinstance(error, StoreUnavailable):
        return (
            f"PostgreSQL is not available: {error}\n"
            "Check RECKONER_DATABASE_URL and that the server runs, and run this again."
        )
    code = getattr(error.orig, "pgcode", None) if isinstance(error, DBAPIError) else None
    if code in _MISSING_TABLE_OR_COLUMN:
        return (
            "The database has no table of keys as this version knows it. "
            "Run `python -m migrations upgrade`, and then this again."
        )
    if code == _NO_PERMISSION:
        return (
            f"The role {settings.sqlalchemy_url.username} may not administer keys: {brief(error)}. "
            "Name a role that may in RECKONER_DATABASE_URL: reckoner_keys, or the owner."
        )
    return None
