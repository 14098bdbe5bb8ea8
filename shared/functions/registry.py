"""The functions that are installed, found by their entry points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from reckoner.authoring.definition import Function
from reckoner.authoring.errors import FunctionInvalid
from shared.errors import FunctionUnknown
from shared.failures import text_of

ENTRY_POINT_GROUP = "reckoner.functions"

#: Characters of an exception's words that a problem's sentence repeats.
_MAX_WORDS = 300


@dataclass(frozen=True, slots=True)
class Package:
    """The installed distribution that brings a function."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class FunctionProblem:
    """An entry point that could not be used: of which package, which one, and why, in words."""

    package: str
    entry_point: str
    detail: str


class Registry:
    """The installed functions by name, and what could not be used."""

    def __init__(
        self,
        functions: Iterable[Function],
        problems: Iterable[FunctionProblem] = (),
        packages: Mapping[str, Package] | None = None,
    ) -> None:
        """Take the functions, what could not be used, and the packages of functions by name."""
        self._packages = dict(packages or {})
        self._functions: dict[str, Function] = {}
        self.problems = tuple(problems)
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

    def package_of(self, name: str) -> Package | None:
        """Return the distribution that brings the function of this name, if it is known."""
        return self._packages.get(name)

    def __iter__(self) -> Iterator[Function]:
        return iter(self._functions.values())


def load_registry() -> Registry:
    """Import every function that an installed package provides as an entry point.

    A faulty package leaves the others as they are: it is one of the registry's `problems`. Of
    several different functions of one name none is offered, since results are kept by that name.
    """
    loaded: list[tuple[EntryPoint, Function]] = []
    problems: list[FunctionProblem] = []
    for entry_point in _distinct_entry_points():
        try:
            loaded.append((entry_point, _load(entry_point)))
        except FunctionInvalid as error:
            problems.append(_problem(entry_point, str(error)))
    counts = Counter(function.name for _, function in loaded)
    for entry_point, function in loaded:
        if counts[function.name] > 1:
            others = sorted(
                _package(other)
                for other, same in loaded
                if same.name == function.name and other is not entry_point
            )
            problems.append(
                _problem(
                    entry_point,
                    f"Another function is named {function.name}, in {', '.join(others)}; none of "
                    "them is offered. Remove a package, or rename a function.",
                )
            )
    kept = [(point, function) for point, function in loaded if counts[function.name] == 1]
    packages = {
        function.name: Package(point.dist.name, point.dist.version)
        for point, function in kept
        if point.dist is not None
    }
    return Registry((function for _, function in kept), problems, packages)


def _distinct_entry_points() -> list[EntryPoint]:
    """Return the entry points, each once, though a package may have left old metadata behind."""
    found = {(one.name, one.value): one for one in entry_points(group=ENTRY_POINT_GROUP)}
    return list(found.values())


def _load(entry_point: EntryPoint) -> Function:
    """Import a function. Raises FunctionInvalid, in words, whatever the package does."""
    try:
        found = entry_point.load()
    except (FunctionInvalid, KeyboardInterrupt):
        raise
    except BaseException as error:  # a package may do anything when it is imported, or end Python
        words = " ".join(text_of(error).split())[:_MAX_WORDS]
        raise FunctionInvalid(
            f"Importing {entry_point.value} raised {type(error).__name__}"
            f"{': ' + words if words else ''}. Correct the package, or remove it."
        ) from error
    if not isinstance(found, Function):
        raise FunctionInvalid(
            f"{entry_point.value} is of type {type(found).__name__}, and not a function of "
            "Reckoner's; decorate it with @function from the package reckoner."
        )
    return found


def _problem(entry_point: EntryPoint, detail: str) -> FunctionProblem:
    return FunctionProblem(_package(entry_point), entry_point.name, detail)


def _package(entry_point: EntryPoint) -> str:
    """Return the name of the distribution that brings an entry point."""
    name = entry_point.dist.name if entry_point.dist is not None else None
    return name or "an unknown package"
