"""`reckoner key create --file`: make the key of a file, unless it was made before."""

import os
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from reckoner.cli.key.database import fail, say, transaction
from reckoner.cli.key.key_file import KeyFileUnusable, key_in
from reckoner.cli.key.new_key import NewKey, describe_changed, describe_taken
from reckoner.cli.key.words import describe, state_of
from shared.keys.api_key import ApiKey
from shared.keys.credential import Credential
from shared.store.keys.administration import lock_keys, read_now


def create_from_file(file: Path, new: NewKey) -> None:
    """Make the key, without showing it; a revoked one stays revoked. Exits if it cannot be made."""
    with transaction() as connection:
        taken = describe_taken(connection, new.name)
    # A file whose key cannot be made would look like one that can be used. Asked for in this order:
    # another process may have written the file, and then have made the key.
    if taken is not None and not os.path.lexists(file):
        fail(taken)
    try:
        credential = key_in(file)
    except KeyFileUnusable as error:
        fail(str(error))
    with transaction() as connection:
        key = new.insert(connection, credential)
        if key is not None:
            done = f"Created {describe(key)} It is in {file}."
        else:
            done = _describe_known(connection, file, credential, new.name)
    say(done)


def _describe_known(connection: Connection, file: Path, credential: Credential, name: str) -> str:
    """Return what became of the file's key. Exits if it is another key that has the name."""
    found = lock_keys(connection, credential.id)
    if not found:
        fail(describe_taken(connection, name) or describe_changed(name))
    [key] = found
    state = _state_of(key, credential, read_now(connection))
    if state == "valid":
        return f"The key in {file} was made before: {describe(key)}"
    return (
        f"The key in {file} is {state} (id {key.id}). Delete the file to have another key made, "
        "whose name must be free: revoked keys leave theirs free."
    )


def _state_of(key: ApiKey, credential: Credential, now: datetime) -> str:
    state = state_of(key, now)
    if state == "valid" and not key.has_secret(credential.sha256, now):
        return "not valid any more, as it was rotated"
    return state
