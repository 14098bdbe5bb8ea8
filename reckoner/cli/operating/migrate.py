"""`reckoner migrate`: upgrade the schema, or say whether that is needed."""

import click

from migrations.report import Report, print_to_stderr
from migrations.retrying import run_migration
from migrations.schema import read_schema, upgrade
from reckoner.cli.exit_status import CommandFailed, ExitStatus
from reckoner.cli.operating.database import database
from reckoner.cli.output.forms import write
from shared.startup import load_settings_or_exit
from shared.store.tables.schema import SCHEMA_REVISION


@click.command("migrate")
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if an upgrade is needed.")
def command(check: bool) -> None:
    r"""Bring the database to the schema of this version.

    It needs the role that owns the tables, reckoner, in RECKONER_DATABASE_URL. The service may run
    meanwhile. If it is interrupted, run it again: it continues where it stopped.

    \b
    Examples:
      reckoner migrate
      reckoner migrate --check || reckoner migrate
    """
    settings = load_settings_or_exit()
    if not check:
        report = Report(print_to_stderr)
        status = run_migration(lambda: upgrade(settings.sqlalchemy_url, report=report), report)
        if status != 0:
            raise CommandFailed("The schema could not be upgraded.", ExitStatus.FAILED)
        write(f"The schema is up to date ({SCHEMA_REVISION} or newer).\n")
        return
    with database(settings, "reckoner migrate") as engine, engine.connect() as connection:
        schema = read_schema(connection)
    if schema.fault is not None:
        raise CommandFailed(f"The database is {schema.fault}.", ExitStatus.FAILED)
    write(f"The schema is {schema.revision}, which this version works with.\n")
