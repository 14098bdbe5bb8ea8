"""`reckoner key rotate`: a new secret for a key, beside the former one for a while."""

from datetime import datetime

import click

from reckoner.cli.key.database import fail, say, transaction
from reckoner.cli.key.forms import duration_seconds, expiry_seconds, name_or_id
from reckoner.cli.key.options import Parsed
from reckoner.cli.key.selection import select
from reckoner.cli.key.shown_once import show_once
from reckoner.cli.key.words import describe, moment
from shared.keys.api_key import ApiKey
from shared.keys.credential import new_credential
from shared.store.keys.administration import lock_keys, read_now, rotate_key


@click.command("rotate")
@click.argument("wanted", type=Parsed("name or id", name_or_id), metavar="NAME|ID")
@click.option(
    "--overlap",
    "overlap_seconds",
    type=Parsed("duration", duration_seconds),
    metavar="DURATION",
    default="24h",
    show_default=True,
    help="How long the former secret is valid as well; 0 ends it at once, and the key's sessions.",
)
@click.option(
    "--expires",
    type=Parsed("duration", lambda text: (expiry_seconds(text),)),
    metavar="DURATION",
    help="How long the key is valid from now on: 90d, 12h, 30m, or never; without it, as before.",
)
def command(wanted: str, overlap_seconds: int, expires: tuple[int | None] | None) -> None:
    """Give a key a new secret.

    The key is written to standard output, only this once. Give it to its clients during the
    overlap, while the former one is still valid.
    """
    with transaction() as connection:
        found = select(lock_keys(connection, wanted), wanted)
        _refuse(found, read_now(connection), overlap_seconds, is_prolonged=expires is not None)
        credential = new_credential(found.id)
        key = rotate_key(
            connection,
            credential,
            overlap_seconds=overlap_seconds,
            keeps_expiry=expires is None,
            expires_seconds=expires[0] if expires else None,
        )
    show_once(credential)
    say(f"Rotated {describe(key)} It is shown only this once: store it where its client reads it.")
    if key.former_until is None:
        say("The former secret is refused everywhere within 30 seconds, and its sessions ended.")
    else:
        say(f"The former secret is valid until {moment(key.former_until)}.")


def _refuse(key: ApiKey, now: datetime, overlap_seconds: int, *, is_prolonged: bool) -> None:
    """Exit if the key cannot be rotated, or clients would be refused that were to have time."""
    if key.revoked_at is not None:
        fail(f"{key.name} (id {key.id}) is revoked. Create another: its name is free.")
    if key.is_expired(now) and not is_prolonged:
        fail(
            f"{key.name} (id {key.id}) expired at {moment(key.expires_at)}. "
            "Say by --expires how long it is to be valid from now on."
        )
    if overlap_seconds and key.former_until is not None and key.former_until > now:
        fail(
            f"{key.name} (id {key.id}) was rotated, and its former secret is valid until "
            f"{moment(key.former_until)}; another rotation would end it before. Wait until then, "
            "create another key for its client, or use --overlap 0, which ends both secrets."
        )
