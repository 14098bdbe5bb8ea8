"""A key as it is stored: what it may do, until when, and how much."""

import hmac
from dataclasses import dataclass, field
from datetime import date, datetime

from shared.keys.scope import Scope


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """How much a key may do; None: what the settings say, or no limit.

    `max_seconds` is the longest estimate of one calculation. `max_unfinished` counts calculations
    that are queued or running; `max_queued_seconds` and `max_queued_bytes` are the sums of what
    they are charged. The rate counts requests.
    """

    max_seconds: float | None = None
    max_unfinished: int | None = None
    max_queued_seconds: float | None = None
    max_queued_bytes: int | None = None
    rate_per_second: float | None = None


NO_LIMITS = KeyLimits()


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A row of `api_keys`."""

    id: str
    number: int
    name: str
    secret_sha256: bytes = field(repr=False)
    former_sha256: bytes | None = field(repr=False)
    former_until: datetime | None
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_on: date | None
    limits: KeyLimits

    def has_secret(self, sha256: bytes, now: datetime) -> bool:
        """Say in constant time whether this is its secret, or its former one while that is valid.

        Whether the key itself is valid is another question.
        """
        is_secret = hmac.compare_digest(self.secret_sha256, sha256)
        if self.former_sha256 is None or self.former_until is None:
            return is_secret
        is_former = hmac.compare_digest(self.former_sha256, sha256)
        return is_secret or (is_former and now < self.former_until)

    def is_expired(self, now: datetime) -> bool:
        """Say whether its time is over."""
        return self.expires_at is not None and now >= self.expires_at
