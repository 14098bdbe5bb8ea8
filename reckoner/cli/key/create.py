"""`reckoner key create`: make a key and show it once, or keep it in a file."""

from pathlib import Path

import click

from reckoner.cli.key.create_from_file import create_from_file
from reckoner.cli.key.database import fail, say, transaction
from reckoner.cli.key.forms import (
    expiry_seconds,
    key_name,
    positive_number,
    rate_per_second,
    scopes_in,
    size_bytes,
)
from reckoner.cli.key.new_key import NewKey, describe_changed, describe_taken
from reckoner.cli.key.options import Parsed
from reckoner.cli.key.shown_once import show_once
from reckoner.cli.key.words import describe
from shared.keys.api_key import KeyLimits
from shared.keys.credential import new_credential
from shared.keys.scope import Scope

_MAX_UNFINISHED = 2**31 - 1


@click.command("create")
@click.argument("name", type=Parsed("name", key_name))
@click.option(
    "--scope",
    "scopes",
    type=Parsed("scopes", scopes_in),
    multiple=True,
    required=True,
    metavar="SCOPES",
    help=f"What the key may do: {','.join(Scope)}, or some of them. None includes another.",
)
@click.option(
    "--expires",
    "expires_seconds",
    type=Parsed("duration", expiry_seconds),
    metavar="DURATION",
    default="never",
    show_default=True,
    help="How long it is valid: 90d, 12h, 30m, or never.",
)
@click.option(
    "--max-seconds",
    type=Parsed("seconds", positive_number),
    metavar="SECONDS",
    help="The longest estimate of one calculation.",
)
@click.option(
    "--max-unfinished",
    type=click.IntRange(1, _MAX_UNFINISHED),
    metavar="COUNT",
    help="How many of its calculations may be queued or running.",
)
@click.option(
    "--max-queued-seconds",
    type=Parsed("seconds", positive_number),
    metavar="SECONDS",
    help="The sum of their estimates; by default RECKONER_KEY_MAX_QUEUED_SECONDS.",
)
@click.option(
    "--max-queued-bytes",
    type=Parsed("bytes", size_bytes),
    metavar="BYTES",
    help="The sum of their results' sizes, such as 10GB or 5GiB; by default "
    "RECKONER_KEY_MAX_QUEUED_BYTES.",
)
@click.option(
    "--rate",
    "rate",
    type=Parsed("rate", rate_per_second),
    metavar="RATE",
    help="How many requests it may send: 50/s, 600/m or 1000/h.",
)
@click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path),
    help="Use the key in this file; make one and write it there if there is no file. Does nothing "
    "if that key is known already. Prints no key.",
)
def command(
    name: str,
    scopes: tuple[frozenset[Scope], ...],
    expires_seconds: int | None,
    max_seconds: float | None,
    max_unfinished: int | None,
    max_queued_seconds: float | None,
    max_queued_bytes: int | None,
    rate: float | None,
    file: Path | None,
) -> None:
    """Create a key and write it to standard output.

    It is shown only this once, as only its SHA-256 is kept. The NAME is stored with what the key
    submits. A client may have several keys, such as shop-blue and shop-green.
    """
    limits = KeyLimits(max_seconds, max_unfinished, max_queued_seconds, max_queued_bytes, rate)
    new = NewKey(name, frozenset().union(*scopes), expires_seconds, limits)
    if file is not None:
        create_from_file(file, new)
        return
    credential = new_credential()
    with transaction() as connection:
        key = new.insert(connection, credential)
        if key is None:
            fail(describe_taken(connection, name) or describe_changed(name))
    show_once(credential)
    say(f"Created {describe(key)} It is shown only this once: store it where its client reads it.")
