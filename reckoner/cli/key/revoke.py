"""`reckoner key revoke`: end a key and its sessions."""

import click

from reckoner.cli.key.database import say, transaction
from reckoner.cli.key.forms import name_or_id
from reckoner.cli.key.options import Parsed
from reckoner.cli.key.selection import select
from reckoner.cli.key.words import moment
from shared.store.keys.administration import lock_keys, revoke_key


@click.command("revoke")
@click.argument("wanted", type=Parsed("name or id", name_or_id), metavar="NAME|ID")
def command(wanted: str) -> None:
    """End a key and its sessions for good. Its name is free for another key then.

    It is refused everywhere within 30 seconds. What it has submitted is computed nevertheless.
    """
    with transaction() as connection:
        key = select(lock_keys(connection, wanted), wanted)
        is_revoked = revoke_key(connection, key.id)
    if is_revoked:
        say(f"Revoked {key.name} (id {key.id}). It is refused everywhere within 30 seconds.")
    else:
        say(f"{key.name} (id {key.id}) was revoked before, at {moment(key.revoked_at)}.")
