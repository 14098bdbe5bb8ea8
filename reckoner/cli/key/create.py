"""`reckoner key create`: make a key and show it once, or keep it in a file."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import click
from sqlalchemy import Connection

from reckoner.cli.key.database import fail, say, transaction
from reckoner.cli.key.forms import (
    expiry_seconds,
    key_name,
    positive_number,
    rate_per_second,
    scopes_in,
    size_bytes,
)
from reckoner.cli.key.key_file import KeyFileUnusable, key_in
from reckoner.cli.key.options import Parsed
from reckoner.cli.key.shown_once import show_once
from reckoner.cli.key.words import describe, state_of
from shared.keys.api_key import ApiKey, KeyLimits
from shared.keys.credential import Credential, new_credential
from shared.keys.scope import Scope
from shared.store.keys.administration import insert_key, lock_keys, read_now

_MAX_UNFINISHED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class _NewKey:
    """What the command line says of a key."""

    name: str
    scopes: frozenset[Scope]
    expires_seconds: int | None
    limits: KeyLimits


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
    new = _NewKey(name, frozenset().union(*scopes), expires_seconds, limits)
    if file is None:
        _create(new)
    else:
        _create_from(file, new)


def _create(new: _NewKey) -> None:
    credential = new_credential()
    with transaction() as connection:
        key = _insert(connection, credential, new) or _refuse_name(connection, new.name)
    show_once(credential)
    say(f"Created {describe(key)} It is shown only this once: store it where its client reads it.")


def _create_from(file: Path, new: _NewKey) -> None:
    """Make the key of the file, unless it was made before: a revoked one stays revoked."""
    if not os.path.lexists(file):
        # A file whose key cannot be made would look like one that can be used.
        with transaction() as connection:
            _refuse_taken(connection, new.name)
    try:
        credential = key_in(file)
    except KeyFileUnusable as error:
        fail(str(error))
    with transaction() as connection:
        key = _insert(connection, credential, new)
        if key is not None:
            say(f"Created {describe(key)} It is in {file}.")
            return
        known = [one for one in lock_keys(connection, credential.id) if one.id == credential.id]
        if not known:
            _refuse_name(connection, new.name)
        say(_describe_known(file, credential, known[0], read_now(connection)))


def _insert(connection: Connection, credential: Credential, new: _NewKey) -> ApiKey | None:
    return insert_key(
        connection,
        credential,
        name=new.name,
        scopes=new.scopes,
        expires_seconds=new.expires_seconds,
        limits=new.limits,
    )


def _refuse_name(connection: Connection, name: str) -> NoReturn:
    _refuse_taken(connection, name)
    fail(f"Another command has just changed the key {name}. Run this again.")


def _refuse_taken(connection: Connection, name: str) -> None:
    for key in lock_keys(connection, name):
        if key.revoked_at is None:
            state = state_of(key, read_now(connection))
            fail(
                f"There is already a key named {name}, which is {state} (id {key.id}). Choose "
                f"another name, or revoke that one by `reckoner key revoke {key.id}` first."
            )


def _describe_known(file: Path, credential: Credential, key: ApiKey, now: datetime) -> str:
    state = state_of(key, now)
    if state == "valid" and not key.has_secret(credential.sha256, now):
        state = "not valid any more, as it was rotated"
    if state == "valid":
        return f"The key in {file} was made before: {describe(key)}"
    return (
        f"The key in {file} is {state} (id {key.id}). Delete the file to have another key made, "
        "whose name must be free: revoked keys leave theirs free."
    )
