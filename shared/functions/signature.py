"""What a function is to this service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.errors import Fault
from shared.functions.arguments import ArgumentsCheck
from shared.functions.estimates import Estimate

Arguments = Mapping[str, Any]
Progress = Callable[[float], None]
"""Called with the fraction done, in [0, 1], never less than the time before."""
Digits = str | Iterable[str]
"""The decimal digits, whole or in pieces of any size, most significant first, ASCII only."""


@dataclass(frozen=True, slots=True)
class Function:
    """A named, versioned, pure calculation.

    `arguments_schema` is a JSON Schema (2020-12) of the arguments object. `residue` gives the
    value modulo a prime below 2^62 without help from `compute`, so that it can convict it.
    `size_argument` names the argument by whose decades the catalogue lists estimates.
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
        """List what is wrong with the arguments; an empty list is permission to compute.

        Each fault has a JSON pointer (RFC 6901) into the arguments object and a sentence.
        """
        return self._check.faults(arguments)

    def count_faults(self, arguments: object) -> int:
        """Return how many faults there are, also beyond those that `validate` lists."""
        return self._check.count(arguments)

    def prepare(self) -> None:
        """Do ahead of time what the first faulty arguments would wait for."""
        self._check.prepare()
