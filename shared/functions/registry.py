"""The functions that are installed, found by their entry points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points

from shared.errors import FunctionUnknown
from shared.functions.signature import Function

ENTRY_POINT_GROUP = "reckoner.functions"


class Registry:
    """The installed functions by name."""

    def __init__(self, functions: Iterable[Function]) -> None:
        self._functions: dict[str, Function] = {}
        for function in sorted(functions, key=lambda function: function.name):
            if function.name in self._functions:
                raise ValueError(f"Two installed functions are named {function.name!r}.")
            self._functions[function.name] = function

    def get(self, name: str, version: int | None = None) -> Function:
        """Return the function of this name, in this version if given; raise FunctionUnknown."""
        function = self._functions.get(name)
        if function is None or version not in (None, function.version):
            raise FunctionUnknown(name, tuple(self._functions), version)
        return function

    def __iter__(self) -> Iterator[Function]:
        return iter(self._functions.values())


def load_registry() -> Registry:
    """Import every function that an installed package provides as an entry point.

    Raises TypeError for an entry point that is not a Function, ValueError for two of the same name.
    """
    functions = []
    for entry_point in entry_points(group=ENTRY_POINT_GROUP):
        function = entry_point.load()
        if not isinstance(function, Function):
            raise TypeError(f"{entry_point.value} of {ENTRY_POINT_GROUP} is not a Function.")
        functions.append(function)
    return Registry(functions)
