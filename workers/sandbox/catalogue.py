"""What a heavy worker can run: the functions that its template process has imported."""

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.functions.registry import FunctionProblem, Registry


@dataclass(frozen=True, slots=True)
class Offer:
    """One function in one version, and what its author declared about it."""

    name: str
    version: int
    is_fresh: bool = False  # each of its calculations needs an interpreter of its own
    memory_bytes: int | None = None
    timeout_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The functions of a template process.

    `threads` are the Python threads that packages started when they were imported, as
    "module: name"; `native_threads` counts those that a library started and that stay in a fork.
    `problems` are installed functions that cannot be used.
    """

    functions: Mapping[tuple[str, int], Offer]
    threads: tuple[str, ...] = ()
    native_threads: int = 0
    problems: tuple[FunctionProblem, ...] = ()

    def find(self, name: str, version: int) -> Offer | None:
        """Return the function of this name in exactly this version; None if it is not there."""
        return self.functions.get((name, version))

    @property
    def offers(self) -> tuple[str, ...]:
        """Return all of them as "name/version", in order."""
        return tuple(sorted(f"{name}/{version}" for name, version in self.functions))

    @property
    def has_fresh(self) -> bool:
        """Return whether a function needs fresh interpreters."""
        return any(offer.is_fresh for offer in self.functions.values())

    def encode(self) -> bytes:
        """Return one line for the worker."""
        functions = [dataclasses.asdict(offer) for offer in self.functions.values()]
        content = {
            "functions": functions,
            "threads": self.threads,
            "native_threads": self.native_threads,
            "problems": [dataclasses.asdict(problem) for problem in self.problems],
        }
        return json.dumps(content).encode("ascii") + b"\n"

    @classmethod
    def decode(cls, line: bytes) -> "Catalogue":
        """Return the catalogue that a template has sent."""
        content: Any = json.loads(line)
        offers = [Offer(**function) for function in content["functions"]]
        problems = tuple(FunctionProblem(**problem) for problem in content["problems"])
        return cls(_by_name(offers), tuple(content["threads"]), content["native_threads"], problems)


#: What a worker can run before its template process has started.
EMPTY = Catalogue({})


def catalogue_of(
    registry: Registry, threads: Iterable[str] = (), native_threads: int = 0
) -> Catalogue:
    """Return the catalogue of these functions, and of those that cannot be used.

    Beside a Python thread, no process may fork: a lock that the thread holds would never be
    released in the fork. All functions are then run in interpreters of their own.
    """
    names = tuple(threads)
    offers = [
        Offer(
            name=function.name,
            version=function.version,
            is_fresh=bool(names) or function.is_fresh,
            memory_bytes=function.memory_bytes,
            timeout_seconds=function.timeout_seconds,
        )
        for function in registry
    ]
    return Catalogue(_by_name(offers), names, native_threads, registry.problems)


def _by_name(offers: Iterable[Offer]) -> dict[tuple[str, int], Offer]:
    return {(offer.name, offer.version): offer for offer in offers}
