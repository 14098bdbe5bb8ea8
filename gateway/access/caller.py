"""Who sends a request."""

from dataclasses import dataclass

from shared.keys.api_key import NO_LIMITS, KeyLimits
from shared.keys.scope import Scope


@dataclass(frozen=True, slots=True)
class Caller:
    """The name, scopes and limits of the key that a request came with.

    Without a name it is anybody, while keys are off.
    """

    name: str | None
    scopes: frozenset[Scope]
    limits: KeyLimits


#: Whoever can reach the service, while keys are off.
ANYBODY = Caller(None, frozenset(Scope), NO_LIMITS)
