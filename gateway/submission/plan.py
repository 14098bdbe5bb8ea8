"""Planning: from the JSON of a request to calculations with an id, an estimate and a lane."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gateway.http.limits import MAX_LISTED_MEMBERS, MAX_SHOWN_CHARACTERS
from reckoner.authoring.definition import Function
from reckoner.authoring.errors import ArgumentsFaulty
from reckoner.authoring.estimates import Estimate
from reckoner.authoring.faults import MAX_FAULTS, Fault, pointer_to
from shared.calculation import Calculation, Lane, calculation_id
from shared.config import Settings
from shared.errors import (
    ArgumentsInvalid,
    CalculationTooLarge,
    FunctionUnknown,
)
from shared.functions.learnt_cost import LearntCost
from shared.functions.registry import Registry

_MEMBERS = ("function", "arguments")

#: A quick worker ends when a calculation takes longer (workers/quick/lane.py).
QUICK_LIMIT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Planner:
    """Checks requests and decides where calculations are computed."""

    registry: Registry
    settings: Settings
    learnt_cost: Callable[[str, int], LearntCost | None] = lambda _name, _version: None

    def plan_request(self, body: Any) -> Calculation:
        """Return the calculation that a request describes.

        Raises FunctionUnknown, ArgumentsInvalid or CalculationTooLarge.
        """
        _check_members(body, _MEMBERS)
        name = body["function"]
        if not isinstance(name, str):
            raise ArgumentsInvalid([Fault("/function", "function must be a string.")])
        return self.plan(self.registry.get(name), body["arguments"])

    def plan(self, function: Function, arguments: Any) -> Calculation:
        """Return the calculation of this function on these arguments.

        Raises ArgumentsInvalid or CalculationTooLarge.
        """
        try:
            bound = function.bind(arguments)
        except ArgumentsFaulty as error:
            raise ArgumentsInvalid(
                [Fault(f"/arguments{pointer}", detail) for pointer, detail in error.faults],
                error.count,
            ) from None
        estimate = function.estimate(bound)
        if estimate is not None and estimate.bytes > self._memory_limit_bytes(function):
            raise CalculationTooLarge(estimate.bytes, self._memory_limit_bytes(function))
        lane = self._lane(function, estimate)
        identity = calculation_id(function.name, function.version, bound.text)
        if estimate is not None and estimate.digits is not None:
            return Calculation(identity, function, bound, estimate, lane, "function")
        # What was learnt neither refuses a calculation nor changes its lane. It is what is charged.
        learnt = self.learnt_cost(function.name, function.version)
        size = None if learnt is None else learnt.result_bytes
        charged_bytes = self.settings.max_result_bytes if size is None else size
        if estimate is not None:
            return Calculation(
                identity, function, bound, estimate, lane, "function", None, charged_bytes
            )
        charged_seconds = self._time_limit_seconds(function, lane) if learnt is None else None
        source: Literal["history"] | None = None if learnt is None else "history"
        return Calculation(
            identity, function, bound, learnt, lane, source, charged_seconds, charged_bytes
        )

    def _memory_limit_bytes(self, function: Function) -> int:
        """Return the function's own limit, but never more than the server's."""
        limit = self.settings.memory_limit_bytes
        return limit if function.memory_bytes is None else min(limit, function.memory_bytes)

    def _time_limit_seconds(self, function: Function, lane: Lane) -> float:
        """Return the function's own limit, but never more than that of its lane."""
        limit = QUICK_LIMIT_SECONDS if lane is Lane.QUICK else self.settings.time_limit_seconds
        own = function.timeout_seconds
        return limit if own is None else min(limit, own)

    def _lane(self, function: Function, estimate: Estimate | None) -> Lane:
        """Return the lane: of what nothing is known about, a process of its own, or the author's.

        An estimate above the limit of the quick lane overrules the author's word for it.
        """
        if function.lane == "heavy" or function.needs_process:
            return Lane.HEAVY
        if estimate is None:
            return Lane.QUICK if function.lane == "quick" else Lane.HEAVY
        return Lane.QUICK if estimate.seconds <= self.settings.quick_seconds else Lane.HEAVY

    def plan_batch(self, body: Any, max_calculations: int) -> list[Calculation]:
        """Return the calculations of a batch in its order, repeated ones included.

        Raises ArgumentsInvalid, which lists the first faults with the index of each and counts the
        others, because describing them takes much longer than finding them.
        """
        _check_members(body, ("calculations",))
        items = body["calculations"]
        if not isinstance(items, list) or not 1 <= len(items) <= max_calculations:
            detail = f"calculations must be a list of 1 to {max_calculations} calculations."
            raise ArgumentsInvalid([Fault("/calculations", detail)])
        calculations = []
        faults: list[Fault] = []
        count = 0
        for index, item in enumerate(items):
            if len(faults) >= MAX_FAULTS:
                count += self._count_faults(item)
                continue
            try:
                calculations.append(self.plan_request(item))
            except (ArgumentsInvalid, FunctionUnknown, CalculationTooLarge) as error:
                count += error.count if isinstance(error, ArgumentsInvalid) else 1
                faults.extend(
                    Fault(f"/calculations/{index}{fault.pointer}", fault.detail)
                    for fault in error.faults
                )
        if faults:
            raise ArgumentsInvalid(faults, count)
        return calculations

    def _count_faults(self, item: Any) -> int:
        """Return how many faults `plan_request` would find, without describing them."""
        if not isinstance(item, Mapping):
            return 1
        if count := _count_of_members(item, _MEMBERS):
            return count
        try:
            function = self.registry.get(item["function"])
        except (FunctionUnknown, TypeError):  # TypeError: a list, for example, is not hashable
            return 1
        if count := function.count_faults(item["arguments"]):
            return count
        estimate = function.estimate(function.bind(item["arguments"]))
        return int(estimate is not None and estimate.bytes > self._memory_limit_bytes(function))

    def is_inline(self, calculation: Calculation) -> bool:
        """Return whether its author says that it is cheap enough to be computed in its request."""
        estimate = calculation.estimate
        return (
            calculation.lane is Lane.QUICK
            and estimate is not None
            and calculation.estimate_source == "function"
            and estimate.seconds <= self.settings.inline_seconds
        )


def _check_members(body: Any, names: tuple[str, ...]) -> None:
    """Raise ArgumentsInvalid unless it is an object with exactly these members."""
    if not isinstance(body, Mapping):
        members = "member" if len(names) == 1 else "members"
        detail = f"An object with the {members} {' and '.join(names)} is expected."
        raise ArgumentsInvalid([Fault("", detail)])
    count = _count_of_members(body, names)
    if not count:
        return
    known = " and ".join(names)
    missing = [Fault(f"/{name}", f"{name} is missing.") for name in names if name not in body]
    shown = (name[:MAX_SHOWN_CHARACTERS] for name in body if name not in names)
    unknown = (
        Fault(pointer_to(name), f"{name} is not a member; only {known} may be given.")
        for name in shown
    )
    raise ArgumentsInvalid([*missing, *itertools.islice(unknown, MAX_LISTED_MEMBERS)], count)


def _count_of_members(body: Mapping[str, Any], names: tuple[str, ...]) -> int:
    """Return how many of these members are missing, and how many others there are."""
    present = sum(name in body for name in names)
    return len(names) - present + len(body) - present
