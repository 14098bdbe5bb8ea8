"""How a key is described to a person."""

from datetime import UTC, datetime

from shared.keys.api_key import ApiKey, KeyLimits
from shared.keys.scope import Scope

NEVER = "never"


def moment(time: datetime | None) -> str:
    """Return a time to the minute, in UTC whatever PostgreSQL's time zone is."""
    return NEVER if time is None else f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def state_of(key: ApiKey, now: datetime) -> str:
    """Return `valid`, `expired` or `revoked`."""
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.is_expired(now) else "valid"


def in_order(scopes: frozenset[Scope]) -> list[Scope]:
    """Return scopes in the order in which they are always named."""
    return [scope for scope in Scope if scope in scopes]


def describe_limits(limits: KeyLimits) -> str:
    """Return the limits that a key has of its own."""
    found = [
        ("{:g} s each", limits.max_seconds),
        ("{:,} unfinished", limits.max_unfinished),
        ("{:g} s queued", limits.max_queued_seconds),
        ("{:,} bytes queued", limits.max_queued_bytes),
        ("{:g} requests/s", limits.rate_per_second),
    ]
    return ", ".join(words.format(limit) for words, limit in found if limit is not None)


def describe(key: ApiKey) -> str:
    """Return a line on a key that was just made or changed."""
    expiry = "does not expire" if key.expires_at is None else f"expires {moment(key.expires_at)}"
    limits = describe_limits(key.limits)
    return (
        f"{key.name} (id {key.id}): {', '.join(in_order(key.scopes))}; {expiry}"
        + (f"; at most {limits}" if limits else "")
        + "."
    )
