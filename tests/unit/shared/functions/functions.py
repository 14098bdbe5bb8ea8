"""A function for tests."""

from typing import Annotated

from reckoner import Digits, Estimate, Ge, Le, Residue, function


def _estimate(n: int, label: str) -> Estimate:
    return Estimate(1e-6, 30_000_000, len(str(n)))


def _residue(n: int, label: str, modulus: int) -> int:
    return n % modulus


def make_function(name="identity", **options):
    @function(
        **{"name": name, "estimate": _estimate, "check": Residue(_residue), **options},
    )
    def identity(n: Annotated[int, Ge(0), Le(10**30)], label: str = "") -> Digits:
        """n itself."""
        return str(n)

    return identity
