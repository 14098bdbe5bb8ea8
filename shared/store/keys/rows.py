"""Rows of `api_keys` as they are read."""

from collections.abc import Sequence
from typing import Any

from shared.keys.api_key import ApiKey, KeyLimits
from shared.keys.scope import Scope

#: What `read_key` reads, in this order.
KEY_COLUMNS = (
    "id",
    "number",
    "name",
    "secret_sha256",
    "former_sha256",
    "former_until",
    "scopes",
    "created_at",
    "expires_at",
    "revoked_at",
    "last_used_on",
    "max_seconds",
    "max_unfinished",
    "max_queued_seconds",
    "max_queued_bytes",
    "rate_per_second",
)

_KNOWN_SCOPES = frozenset(Scope)


def read_key(row: Sequence[Any]) -> ApiKey:
    """Return the key of a row that has KEY_COLUMNS."""
    identity, number, name, secret, former, former_until, scopes, *moments_and_limits = row
    created_at, expires_at, revoked_at, last_used_on, *limits = moments_and_limits
    return ApiKey(
        id=identity,
        number=number,
        name=name,
        secret_sha256=bytes(secret),
        former_sha256=None if former is None else bytes(former),
        former_until=former_until,
        # A newer version may have scopes that this one has no use for.
        scopes=frozenset(Scope(scope) for scope in scopes if scope in _KNOWN_SCOPES),
        created_at=created_at,
        expires_at=expires_at,
        revoked_at=revoked_at,
        last_used_on=last_used_on,
        limits=KeyLimits(*limits),
    )
