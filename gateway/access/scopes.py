"""Which scope a request needs.

Each resource says it in its attribute `scopes`, by method; None: no key is needed. HEAD is as GET.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from shared.keys.scope import Scope

#: What resources have as `scopes`.
Scopes = Mapping[str, Scope | None]

_NOTHING_SAID: Scopes = MappingProxyType({})


def by_method(**scopes: Scope | None) -> Scopes:
    """Return what a resource has as `scopes`, such as `by_method(GET=Scope.READ)`."""
    return MappingProxyType(scopes)


def needed_scope(resource: Any, method: str) -> Scope | None:
    """Return the scope that this method of a resource needs, or None if no key is needed.

    What a resource says nothing of needs `operate`. A method that it does not have needs no key:
    the response is the same 405 for everybody, or that to OPTIONS.
    """
    scopes: Scopes = getattr(resource, "scopes", _NOTHING_SAID)
    name = "GET" if method == "HEAD" else method
    if name in scopes:
        return scopes[name]
    return Scope.OPERATE if hasattr(resource, f"on_{method.lower()}") else None
