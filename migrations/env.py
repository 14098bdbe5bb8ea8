"""What Alembic runs for each of its commands. Each migration is a transaction of its own.

`python -m migrations` passes a connection. The `alembic` command passes none: then this connects to
the database of the settings, with the same lock, time-outs and retries.
"""

import sys
from typing import Any

from alembic import context
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from migrations.grants import apply_grants
from migrations.report import Report, print_to_stderr
from migrations.retrying import run_migration
from migrations.schema import read_schema, refuse_unknown
from migrations.session import migration_session
from shared.startup import load_settings_or_exit
from shared.store.tables.all_tables import metadata


def _migrate(connection: Connection, report: Report) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transaction_per_migration=True,
        on_version_apply=report.on_version_apply,
        process_revision_directives=_number_revision,
    )
    with context.begin_transaction():
        context.run_migrations()
    apply_grants(connection)


def _migrate_by_settings() -> int:
    """Do what the command line of Alembic asks for; return the exit status."""
    url = load_settings_or_exit().sqlalchemy_url
    report = Report(print_to_stderr)

    def migrate() -> None:
        with migration_session(url, report) as connection:
            refuse_unknown(read_schema(connection))
            _migrate(connection, report)

    return run_migration(migrate, report)


def _print_sql() -> None:
    """Print the statements of an `upgrade --sql`, without a database."""
    context.configure(
        dialect_name="postgresql", target_metadata=metadata, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()


def _number_revision(_context: Any, _revision: Any, directives: Any) -> None:
    """Give a new revision the next number, unless the command line names it."""
    if getattr(context.config.cmd_opts, "rev_id", None) is None:
        head = ScriptDirectory.from_config(context.config).get_current_head()
        directives[0].rev_id = f"{int(head or 0) + 1:04}"


if context.is_offline_mode():
    _print_sql()
elif "connection" in context.config.attributes:
    _migrate(context.config.attributes["connection"], context.config.attributes["report"])
elif status := _migrate_by_settings():
    sys.exit(status)
