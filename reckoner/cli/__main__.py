"""The `reckoner` command for those who operate the service."""

import argparse
import sys

from reckoner.cli import redrive
from shared.errors import BrokerUnavailable
from shared.startup import load_settings_or_exit


def main() -> int:
    """Run the subcommand that the command line names; return the exit status."""
    parser = argparse.ArgumentParser(prog="reckoner", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    redrive.add_arguments(
        commands.add_parser("redrive", help="put back, or show, messages that workers refused")
    )
    arguments = parser.parse_args()
    try:
        return redrive.run(load_settings_or_exit(), arguments)
    except BrokerUnavailable as error:
        sys.stderr.write(f"{error}\n")
        return 1
