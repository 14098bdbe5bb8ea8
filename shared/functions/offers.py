"""How workers name what they can compute: each function in its version, as `name/version`."""

from shared.functions.registry import Registry


def offer(function: str, version: int) -> str:
    """Return the name of a function in a version."""
    return f"{function}/{version}"


def offers_of(registry: Registry) -> frozenset[str]:
    """Return the names of all functions that are installed here."""
    return frozenset(offer(function.name, function.version) for function in registry)
