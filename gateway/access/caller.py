"""Who sends a request."""

from dataclasses import dataclass

from shared.keys.api_key import NO_LIMITS, ApiKey, KeyLimits
from shared.keys.scope import Scope


@dataclass(frozen=True, slots=True)
class Caller:
    """The name, scopes and limits of the key that a request came with.

    Without a name it is anybody, while keys are off, or nobody, where a route needs no key.
    """

    name: str | None
    scopes: frozenset[Scope]
    limits: KeyLimits
    key_id: str = ""
    number: int = 0


#: Whoever can reach the service, while keys are off.
ANYBODY = Caller(None, frozenset(Scope), NO_LIMITS)

#: Whoever requests a route that needs no key, while keys are on.
NOBODY = Caller(None, frozenset(), NO_LIMITS)


def caller_with(key: ApiKey) -> Caller:
    """Return the caller that has this key."""
    return Caller(key.name, key.scopes, key.limits, key.id, key.number)
