"""PostgreSQL, as the settings name it, for commands of operators."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from reckoner.cli.exit_status import CommandFailed, ExitStatus
from shared.config import Settings
from shared.errors import StoreUnavailable
from shared.postgres.connections import make_engine
from shared.postgres.outages import DATABASE_ERRORS, brief, outages_raised

_MISSING_TABLE_OR_COLUMN = ("42P01", "42703")
_NO_PERMISSION = "42501"


@contextmanager
def database(settings: Settings, name: str) -> Iterator[Engine]:
    """Yield an engine with one connection. Raises CommandFailed for what an operator can change."""
    engine = make_engine(settings.sqlalchemy_url, connections=1, name=name)
    try:
        with outages_raised():
            yield engine
    except DATABASE_ERRORS as error:
        failure = _explained(error, settings)
        if failure is None:
            raise
        raise failure from error
    finally:
        engine.dispose()


def _explained(error: BaseException, settings: Settings) -> CommandFailed | None:
    """Return what is wrong and what to do; None for an error that is a bug."""
    if isinstance(error, StoreUnavailable):
        return CommandFailed(
            f"PostgreSQL is not available: {error}\n"
            "Check RECKONER_DATABASE_URL and that the server runs, and run this again.",
            ExitStatus.UNREACHABLE,
        )
    code = getattr(error.orig, "pgcode", None) if isinstance(error, DBAPIError) else None
    if code in _MISSING_TABLE_OR_COLUMN:
        return CommandFailed(
            "The database does not have the schema of this version. "
            "Run `python -m migrations upgrade`, and then this again.",
            ExitStatus.FAILED,
        )
    if code == _NO_PERMISSION:
        return CommandFailed(
            f"The role {settings.sqlalchemy_url.username} may not do this: {brief(error)}. "
            "Name a role that may in RECKONER_DATABASE_URL: reckoner_app, or the owner.",
            ExitStatus.NOT_ALLOWED,
        )
    return None
