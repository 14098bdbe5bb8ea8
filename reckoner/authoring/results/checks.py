"""The checks that an author can give for the results of a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reckoner.authoring.errors import FunctionInvalid


@dataclass(frozen=True, slots=True)
class Residue:
    """The check of digits: their value modulo a random prime, computed in another way.

    `function` takes the function's arguments by name, and `modulus`, a prime below 2^62.
    """

    function: Callable[..., int]

    def of(self, values: Mapping[str, Any], modulus: int) -> int:
        """Return the residue that a right result of these arguments has."""
        return self.function(**values, modulus=modulus)


def check_parameters(
    what: str, given: Callable[..., Any], names: Sequence[str], leading: str | None = None
) -> None:
    """Raise FunctionInvalid unless a callable takes these arguments by name, after `leading`."""
    positional = [] if leading is None else [None]
    try:
        inspect.signature(given).bind(*positional, **dict.fromkeys(names))
    except (TypeError, ValueError) as error:
        takes = ", ".join([*([leading] if leading else []), *names]) or "nothing"
        raise FunctionInvalid(
            f"{what} must take the function's arguments by their names, here `({takes})`: {error}."
        ) from error
