"""`python -m migrations upgrade`: bring the database to this version's schema."""

import argparse
import sys
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError

from migrations.errors import LockNotAvailable, MigrationError
from migrations.report import Report, to_standard_error
from migrations.retrying import GIVE_UP_SECONDS, retry_while_unavailable
from migrations.schema import downgrade, upgrade
from shared.postgres.outages import brief, is_transient
from shared.startup import load_settings_or_exit

_SHOWN_CHARACTERS = 120


def main() -> int:
    """Run the command that the arguments name; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m migrations", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("upgrade", help="go to the newest schema; nothing to do is fine")
    down = commands.add_parser("downgrade", help="go back; this removes data")
    down.add_argument("revision", help="a revision, or `base` for an empty database")
    arguments = parser.parse_args()
    url = load_settings_or_exit().sqlalchemy_url
    report = Report(to_standard_error)
    if arguments.command == "upgrade":
        return run(lambda: upgrade(url, report=report), report)
    return run(lambda: downgrade(url, arguments.revision, report), report)


def run(migrate: Callable[[], None], report: Report) -> int:
    """Migrate; say in two lines at most why that was not possible. Return the exit status."""
    try:
        retry_while_unavailable(migrate, report)
    except LockNotAvailable as error:
        report.say(f"Gave up after {GIVE_UP_SECONDS:g} s of waiting for {error}")
        report.say("End what holds it, or wait for its end, and run this again.")
    except MigrationError as error:
        report.say(str(error))
    except DBAPIError as error:
        report.say(_told(error))
    except KeyboardInterrupt:
        report.say("Interrupted. Run this again; it goes on where it stopped.")
    else:
        return 0
    return 1


def _told(error: DBAPIError) -> str:
    """Return what PostgreSQL said, and what to do about it."""
    if getattr(error.orig, "pgcode", None) is None:  # it comes from no session: there is none
        return (
            f"PostgreSQL cannot be reached: {brief(error)}\n"
            "Check RECKONER_DATABASE_URL and that the server runs."
        )
    if not is_transient(error):
        statement = " ".join((error.statement or "").split())[:_SHOWN_CHARACTERS]
        return (
            f"PostgreSQL refused a step of the migration: {brief(error)} (in: {statement})\n"
            "Remove the cause, and run this again; it goes on where it stopped."
        )
    return (
        f"PostgreSQL cannot do it at present: {brief(error)}\n"
        "Remove the cause, and run this again; it goes on where it stopped."
    )


if __name__ == "__main__":
    sys.exit(main())
