"""The entry of the `reckoner` command: finds the subcommand, explains failures in a sentence."""

import argparse
import sys
from collections.abc import Callable

from reckoner.cli import redrive
from shared.config import Settings
from shared.errors import BrokerUnavailable
from shared.startup import load_settings_or_exit


def main() -> int:
    """Run the subcommand that the command line names; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="reckoner",
        description="Operate Reckoner. The settings are those of the service: RECKONER_BROKER_URL "
        "and the other variables that README.md lists.",
        epilog="`reckoner COMMAND --help` describes a command.",
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    redrive.add_parser(subparsers)
    arguments = parser.parse_args()
    run: Callable[[Settings, argparse.Namespace], int] = arguments.run
    try:
        return run(load_settings_or_exit(), arguments)
    except BrokerUnavailable as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
