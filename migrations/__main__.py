"""`python -m migrations upgrade`: bring the database to this version's schema."""

import argparse
import sys

from migrations.report import Report, print_to_stderr
from migrations.retrying import run_migration
from migrations.schema import downgrade, upgrade
from shared.startup import load_settings_or_exit


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
    url = load_settings_or_exit().sqlalchemy_url
    report = Report(print_to_stderr)
    if arguments.command == "upgrade":
        return run_migration(lambda: upgrade(url, report=report), report)
    return run_migration(lambda: downgrade(url, arguments.revision, report), report)


if __name__ == "__main__":
    sys.exit(main())
