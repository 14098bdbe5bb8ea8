"""`python -m migrations upgrade`: bring the database to this version's schema."""

import argparse
import sys
import time

from sqlalchemy.exc import OperationalError

from migrations.schema import downgrade, upgrade
from shared.config import Settings, load_settings
from shared.errors import SettingsInvalid

_PATIENCE_SECONDS = 60


def main() -> int:
    """Run the command that the arguments name; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m migrations", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("upgrade", help="go to the newest schema; nothing to do is fine")
    down = commands.add_parser("downgrade", help="go back; this removes data")
    down.add_argument("revision", help="a revision, or `base` for an empty database")
    arguments = parser.parse_args()
    try:
        settings = load_settings()
    except SettingsInvalid as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    if arguments.command == "upgrade":
        return _when_reachable(settings)
    downgrade(settings.sqlalchemy_url, arguments.revision)
    return 0


def _when_reachable(settings: Settings) -> int:
    """Upgrade; a database that is still starting is waited for."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            upgrade(settings.sqlalchemy_url)
        except OperationalError as error:
            if time.monotonic() > deadline:
                print(  # noqa: T201
                    f"PostgreSQL cannot be used: {str(error.orig).strip()}\n"
                    "Check RECKONER_DATABASE_URL and that the server runs.",
                    file=sys.stderr,
                )
                return 1
            time.sleep(1)
        else:
            return 0


if __name__ == "__main__":
    sys.exit(main())
