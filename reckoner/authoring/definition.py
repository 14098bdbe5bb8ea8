"""A function as the service knows it: the author's code, and what the decorator has read of it."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from reckoner.authoring.arguments.binding import Arguments
from reckoner.authoring.arguments.bound import BoundArguments
from reckoner.authoring.estimates import Estimate, Estimator
from reckoner.authoring.fingerprint import fingerprint
from reckoner.authoring.progress import Progress, ignore_progress
from reckoner.authoring.results.checks import Residue
from reckoner.authoring.results.json_results import JsonResults
from reckoner.authoring.results.kinds import ResultKind, ResultType

#: What the name of a function matches, whole.
FUNCTION_NAME = "[a-z][a-z0-9_]{0,62}"


@dataclass(frozen=True, eq=False)
class Function:
    """A named, versioned calculation. Made by the decorator `function`; calling it calls the code.

    `summary` is the first paragraph of the docstring, `description` all of it without the sections
    on arguments. `size_argument` names the argument for whose powers of ten GET /functions lists
    estimates. `examples` are arguments that show what it is for; they are no part of the schema.
    """

    name: str
    version: int
    summary: str
    description: str
    implementation: Callable[..., Any]
    arguments: Arguments
    result: ResultType
    progress_name: str | None = None
    lane: Literal["quick", "heavy"] | None = None
    memory_bytes: int | None = None
    timeout_seconds: float | None = None
    is_fresh: bool = False
    size_argument: str | None = None
    examples: tuple[Mapping[str, Any], ...] = ()
    estimator: Callable[..., Estimate] | None = None
    check: Residue | Callable[..., object] | Literal["recompute"] | None = None

    @property
    def arguments_schema(self) -> Mapping[str, Any]:
        """The JSON Schema (2020-12) of the arguments object."""
        return self.arguments.schema

    @property
    def kind(self) -> ResultKind:
        """What its results are."""
        return self.result.kind

    @property
    def media_type(self) -> str:
        """The media type of its results, the author's or that of their kind."""
        return self.result.media_type

    @property
    def has_own_media_type(self) -> bool:
        """Whether the author has named the media type."""
        return self.result.has_own_media_type

    @property
    def is_streamed(self) -> bool:
        """Whether results come, or may come, in pieces."""
        return self.result.is_streamed

    @property
    def check_name(self) -> str | None:
        """How results are checked: "residue", "check" (a predicate), "recomputed" or None."""
        if self.check is None:
            return None
        if isinstance(self.check, Residue):
            return "residue"
        return "recomputed" if self.check == "recompute" else "check"

    @property
    def needs_process(self) -> bool:
        """Whether it has limits or a check that only a process of its own can hold."""
        return (
            self.is_fresh
            or self.check == "recompute"
            or self.memory_bytes is not None
            or self.timeout_seconds is not None
        )

    @cached_property
    def json_results(self) -> JsonResults:
        """The encoder of its results, if they are JSON."""
        return JsonResults(self.result.annotation)

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of source, schema and defaults: it changes when results may."""
        return fingerprint(self.implementation, self.arguments_schema)

    def bind(self, arguments: object) -> BoundArguments:
        """Return what `json.loads` gave as normalised arguments. Raises ArgumentsFaulty."""
        return self.arguments.bind(arguments)

    def bind_text(self, text: str) -> BoundArguments:
        """Return the arguments of a canonical text. Raises ArgumentsFaulty."""
        return self.arguments.bind_text(text)

    def count_faults(self, arguments: object) -> int:
        """Return how many faults `bind` would find, without describing them."""
        return self.arguments.count_faults(arguments)

    def estimate(self, bound: BoundArguments) -> Estimate | None:
        """Return what it will cost; None if the author's estimate is missing or has failed."""
        if self.estimator is None:
            return None
        estimate = self._estimates.estimate(bound.values)
        if estimate is not None and self.check == "recompute":
            return dataclasses.replace(estimate, seconds=2 * estimate.seconds)
        return estimate

    @cached_property
    def _estimates(self) -> Estimator:
        assert self.estimator is not None
        return Estimator(self.name, self.estimator)

    def call(self, bound: BoundArguments, progress: Progress) -> Any:
        """Call the author's function and return what it returns, or the pieces that it yields."""
        if self.progress_name is None:
            return self.implementation(**bound.values)
        return self.implementation(**bound.values, **{self.progress_name: progress})

    def prepare(self) -> None:
        """Build ahead what the first result, and the first invalid arguments, would wait for."""
        self.arguments.prepare()
        if self.kind is ResultKind.JSON:
            _ = self.json_results

    def __call__(self, /, *given: Any, **named: Any) -> Any:
        """Call the author's function directly, as its tests do; progress may be left out."""
        if self.progress_name is not None:
            bound = inspect.signature(self.implementation).bind_partial(*given, **named)
            if self.progress_name not in bound.arguments:
                named[self.progress_name] = ignore_progress
        return self.implementation(*given, **named)
