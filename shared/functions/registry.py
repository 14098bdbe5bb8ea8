"""What a function is to this service, and the registry of those that are installed."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any

from shared.errors import Fault, FunctionUnknown
from shared.functions.arguments import ArgumentsCheck

ENTRY_POINT_GROUP = "reckoner.functions"

Arguments = Mapping[str, Any]
Progress = Callable[[float], None]
"""Called with the fraction done, in [0, 1], never less than the time before."""
Digits = str | Iterable[str]
"""The decimal digits, whole or in pieces of any size, most significant first, ASCII only."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a calculation will cost.

    Wall seconds on one core of a server of the 2020s, decimal digits of the result, and peak
    bytes of the process that computes it.
    """

    seconds: float
    digits: int
    bytes: int


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


class Registry:
    """The installed functions by name."""

    def __init__(self, functions: Iterable[Function]) -> None:
        self._functions: dict[str, Function] = {}
        for function in sorted(functions, key=lambda function: function.name):
            if function.name in self._functions:
                raise ValueError(f"Two installed functions are named {function.name!r}.")
            self._functions[function.name] = function

    def get(self, name: str) -> Function:
        """Return the function of this name.

        Raises FunctionUnknown, which names those there are.
        """
        try:
            return self._functions[name]
        except KeyError:
            raise FunctionUnknown(name, tuple(self._functions)) from None

    def __iter__(self) -> Iterator[Function]:
        return iter(self._functions.values())


def load_registry() -> Registry:
    """Import every function that an installed package offers as an entry point.

    Raises TypeError for an entry point that is not a Function, and ValueError for two of one name.
    """
    functions = []
    for entry_point in entry_points(group=ENTRY_POINT_GROUP):
        function = entry_point.load()
        if not isinstance(function, Function):
            raise TypeError(f"{entry_point.value} of {ENTRY_POINT_GROUP} is not a Function.")
        functions.append(function)
    return Registry(functions)


def interpolate(measured: Sequence[tuple[int, float, float]], size: int) -> tuple[float, float]:
    """Read seconds and bytes for a size from measured rows (size ≥ 1, seconds, bytes).

    Between rows both follow a power law, as costs of arithmetic nearly do; outside them the
    nearest two rows go on. Rows are in order of size; sizes below the first cost what it costs.
    """
    if size <= measured[0][0]:
        return measured[0][1:]
    row = min(bisect_left(measured, (size,)), len(measured) - 1)
    left, right = measured[row - 1], measured[row]
    position = math.log(size / left[0]) / math.log(right[0] / left[0])
    return (
        left[1] * (right[1] / left[1]) ** position,
        left[2] * (right[2] / left[2]) ** position,
    )
