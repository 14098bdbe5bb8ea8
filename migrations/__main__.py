"""`python -m migrations upgrade`: bring the database to this version's schema."""

import argparse
import logging
import sys
from collections.abc import Callable

from migrations.report import Report
from migrations.retrying import run_migration
from migrations.schema import downgrade, upgrade
from shared.logs.set_up import set_up_logs
from shared.startup import load_settings_or_exit

_logger = logging.getLogger("migrations")


def main() -> int:
    """Run the command that the arguments name; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m migrations",
        description="Change the schema of the database that RECKONER_DATABASE_URL names. Alembic's "
        "own command works as well: alembic -c migrations/alembic.ini history",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser(
        "upgrade", help="go to this version's schema; do nothing if it is there already"
    )
    down = commands.add_parser("downgrade", help="go back to an older schema, which deletes data")
    down.add_argument("revision", help="the older schema, such as 0002; or base, for no tables")
    arguments = parser.parse_args()
    settings = load_settings_or_exit()
    set_up_logs(settings.log_level, settings.log_format, {"process": "migrations"})
    logging.getLogger("alembic").setLevel(logging.WARNING)  # the report says what it does
    url = settings.sqlalchemy_url
    report = Report(_log(logging.INFO), _log(logging.ERROR))
    if arguments.command == "upgrade":
        return run_migration(lambda: upgrade(url, report=report), report)
    return run_migration(lambda: downgrade(url, arguments.revision, report), report)


def _log(level: int) -> Callable[[str], None]:
    """Return what logs each line of a text at this level."""

    def write(text: str) -> None:
        for line in text.splitlines():
            _logger.log(level, line)

    return write


if __name__ == "__main__":
    sys.exit(main())
