"""Functions: what the service needs to know to offer and compute one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.errors import Fault
from shared.functions.arguments import ArgumentsCheck
from shared.functions.estimates import Estimate

Arguments = Mapping[str, Any]
Progress = Callable[[float], None]
"""Called with the fraction done, in [0, 1], which never decreases."""
Digits = str | Iterable[str]
"""The decimal digits, whole or in pieces of any size, most significant first, ASCII only."""


@dataclass(frozen=True, slots=True)
class Function:
    """A named, versioned, pure calculation.

    `arguments_schema` is a JSON Schema (2020-12) of the arguments object. `residue` returns the
    value modulo a prime below 2^62 independently of `compute`, whose results it checks.
    `size_argument` names the argument for whose powers of ten GET /functions lists estimates.
    """

    name: str
    version: int
    summary: str
    arguments_schema: Mapping[str, Any]
    estimate: Callable[[Arguments], Estimate]
    compute: Callable[[Arguments, Progress], Digits]
    residue: Callable[[Arguments, int], int]
    size_argument: str = "n"
    _check: ArgumentsCheck = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_check", ArgumentsCheck(self.name, self.arguments_schema))

    def validate(self, arguments: object) -> list[Fault]:
        """Return what is wrong with the arguments; an empty list if they are valid.

        Each fault has a JSON pointer (RFC 6901) into the arguments object and a sentence.
        """
        return self._check.faults(arguments)

    def count_faults(self, arguments: object) -> int:
        """Return how many faults there are, also beyond those that `validate` returns."""
        return self._check.count(arguments)

    def prepare(self) -> None:
        """Build the validator, so that the first request with invalid arguments need not wait."""
        self._check.prepare()
