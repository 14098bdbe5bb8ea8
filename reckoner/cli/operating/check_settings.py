"""`reckoner check-settings`: whether the settings of this environment are valid."""

import click

from reckoner.cli.output.forms import write
from shared.startup import load_settings_or_exit


@click.command("check-settings")
def command() -> None:
    r"""Check the settings of this environment, and connect to nothing.

    Each fault is a line on standard error, with what to do, and the exit status is 2.
    `reckoner doctor` also checks whether what they name works.

    \b
    Example:
      RECKONER_ENV=production reckoner check-settings
    """
    load_settings_or_exit()
    write("The settings are valid.\n")
