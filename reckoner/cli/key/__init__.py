"""`reckoner key`: create, list, rotate and revoke API keys, in the database itself.

No request can make a key, so nobody who has one can get more than it allows.
"""

import click

from reckoner.cli.key.create import command as create
from reckoner.cli.key.list import command as list_
from reckoner.cli.key.revoke import command as revoke
from reckoner.cli.key.rotate import command as rotate


@click.group("key")
def command() -> None:
    """Create, list, rotate and revoke API keys.

    These commands need no gateway, only the database of RECKONER_DATABASE_URL, with a role that
    may change keys. Gateways learn of a change within seconds.
    """


for _subcommand in (create, list_, rotate, revoke):
    command.add_command(_subcommand)
