"""Upgrade and downgrade by Alembic, without its ini file: the connection is passed to env.py."""

import re
from pathlib import Path

import alembic.util
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, text

from migrations.errors import InstallationIncomplete, RevisionUnknown, SchemaUnfit
from migrations.report import Report
from migrations.session import migration_session
from shared.store.tables.schema import (
    NO_SCHEMA,
    SCHEMA_REVISION,
    Fit,
    Schema,
    find_revision,
    find_schema,
)

_FOLDER = Path(__file__).parent

_TABLES = text("""
    SELECT to_regclass('alembic_version') IS NOT NULL,
           to_regclass('schema_compatibility') IS NOT NULL
           AND to_regclass('calculations') IS NOT NULL""")

#: Alembic's relative revisions, such as -1: one step back.
_STEPS_BACK = re.compile(r"-[1-9][0-9]?")


def upgrade(url: URL, revision: str = "head", report: Report | None = None) -> None:
    """Bring the database up to a revision; leave one that is newer and compatible as it is.

    Raises SchemaUnfit, LockNotAvailable, and what SQLAlchemy raises. After any, call it again.
    """
    head_revision()
    report = report or Report()
    with migration_session(url, report) as connection:
        schema = read_schema(connection)
        if schema.fit is Fit.NEWER_COMPATIBLE:
            report.write(f"{_newer(schema)} and works with it: nothing to do.")
            return
        refuse_unknown(schema)
        command.upgrade(_config(connection, report), revision)


def downgrade(url: URL, revision: str, report: Report | None = None) -> None:
    """Take the database back to a revision; `base` leaves no table of ours.

    Raises RevisionUnknown, SchemaUnfit, LockNotAvailable, and what SQLAlchemy raises.
    """
    known = sorted(script.revision for script in _scripts().walk_revisions())
    if revision not in ("base", *known) and not _STEPS_BACK.fullmatch(revision):
        raise RevisionUnknown(
            f"There is no schema {revision!r}. Choose one of {', '.join(known)}, or base for none."
        )
    report = report or Report()
    with migration_session(url, report) as connection:
        schema = read_schema(connection)
        if schema.fit in (Fit.NEWER_COMPATIBLE, Fit.NEWER):
            raise SchemaUnfit(f"{_newer(schema)}: only the newer version can take it back.")
        refuse_unknown(schema)
        try:
            command.downgrade(_config(connection, report), revision)
        except alembic.util.CommandError as error:
            raise RevisionUnknown(
                f"The database is at schema {schema.revision or 'base'}, and {revision} is not "
                "older than that. Choose an older one."
            ) from error


def read_schema(connection: Connection) -> Schema:
    """Return the schema that the database has, of whatever age."""
    with connection.begin():
        # A statement that fails on a missing table is an ERROR in the log of a first start.
        is_there, is_whole = connection.execute(_TABLES).one()
        if not is_there:
            return NO_SCHEMA
        return (find_schema() if is_whole else find_revision()).on(connection)


def refuse_unknown(schema: Schema) -> None:
    """Raise SchemaUnfit for a schema that this version's migrations do not lead to."""
    if schema.fit in (Fit.NEWER_COMPATIBLE, Fit.NEWER):
        raise SchemaUnfit(f"{_newer(schema)}: run the newer version.")
    if schema.fit is Fit.UNKNOWN:
        raise SchemaUnfit(f"The database is {schema.fault}.")


def head_revision() -> str:
    """Return the newest revision that this code knows.

    Raises InstallationIncomplete if there is none: without this check, an incomplete installation
    would leave the database empty and report success.
    """
    head = _scripts().get_current_head()
    if head is None:
        raise InstallationIncomplete(
            f"No migrations in {_FOLDER / 'versions'}. Install Reckoner again."
        )
    return head


def _newer(schema: Schema) -> str:
    return f"The database is newer than this version ({schema.revision}, {SCHEMA_REVISION} known)"


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(_FOLDER))


def _config(connection: Connection, report: Report) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    config.attributes["report"] = report
    return config
