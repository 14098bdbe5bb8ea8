"""A key that is to be made, and what is said if its name is taken."""

from dataclasses import dataclass

from sqlalchemy import Connection

from reckoner.cli.key.words import state_of
from shared.keys.api_key import ApiKey, KeyLimits
from shared.keys.credential import Credential
from shared.keys.scope import Scope
from shared.store.keys.administration import insert_key, lock_keys, read_now


@dataclass(frozen=True, slots=True)
class NewKey:
    """What the command line says of a key."""

    name: str
    scopes: frozenset[Scope]
    expires_seconds: int | None
    limits: KeyLimits

    def insert(self, connection: Connection, credential: Credential) -> ApiKey | None:
        """Insert it; return None if its name is taken, or its id is known."""
        return insert_key(
            connection,
            credential,
            name=self.name,
            scopes=self.scopes,
            expires_seconds=self.expires_seconds,
            limits=self.limits,
        )


def describe_taken(connection: Connection, name: str) -> str | None:
    """Return whose name it is, and what to do; None if it is free."""
    for key in lock_keys(connection, name):
        if key.revoked_at is None:
            state = state_of(key, read_now(connection))
            return (
                f"There is already a key named {name}, which is {state} (id {key.id}). Choose "
                f"another name, or revoke that one by `reckoner key revoke {key.id}` first."
            )
    return None


def describe_changed(name: str) -> str:
    """Return what to do if the name was taken a moment ago, and is no more."""
    return f"Another command has just changed the key {name}. Run this again."
