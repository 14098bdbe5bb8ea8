"""From the members of a request to calculations with an identity, a cost and a lane."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.calculation import Calculation, Lane, calculation_id
from shared.config import Settings
from shared.errors import (
    ArgumentsInvalid,
    CalculationTooLarge,
    Fault,
    FunctionUnknown,
    RequestFault,
)
from shared.functions.registry import Function, Registry

_MEMBERS = ("function", "arguments")

#: Of an object with very many unknown members, or very long ones, not all is repeated back.
_SHOWN_MEMBERS = 20
_SHOWN_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class Planner:
    """Checks what is asked for and decides where it is computed."""

    registry: Registry
    settings: Settings

    def plan_request(self, body: Any) -> Calculation:
        """Return the calculation that a body asks for.

        Raises FunctionUnknown, ArgumentsInvalid or CalculationTooLarge.
        """
        faults = _faults_of_members(body, _MEMBERS)
        if faults:
            raise ArgumentsInvalid(faults)
        name = body["function"]
        if not isinstance(name, str):
            raise ArgumentsInvalid([Fault("/function", "must be a string.")])
        return self.plan(self.registry.get(name), body["arguments"])

    def plan(self, function: Function, arguments: Any) -> Calculation:
        """Return the calculation of this function on these arguments.

        Raises ArgumentsInvalid or CalculationTooLarge.
        """
        faults = function.validate(arguments)
        if faults:
            raise ArgumentsInvalid(
                [Fault(f"/arguments{pointer}", detail) for pointer, detail in faults]
            )
        estimate = function.estimate(arguments)
        if estimate.bytes > self.settings.memory_limit_bytes:
            raise CalculationTooLarge(estimate.bytes, self.settings.memory_limit_bytes)
        lane = Lane.QUICK if estimate.seconds <= self.settings.quick_seconds else Lane.HEAVY
        identity = calculation_id(function.name, function.version, arguments)
        return Calculation(identity, function, arguments, estimate, lane)

    def plan_batch(self, body: Any, most: int) -> list[Calculation]:
        """Return the calculations of a batch in its order, repeated ones included.

        Raises ArgumentsInvalid, which names every faulty index.
        """
        faults = _faults_of_members(body, ("calculations",))
        if faults:
            raise ArgumentsInvalid(faults)
        items = body["calculations"]
        if not isinstance(items, list) or not 1 <= len(items) <= most:
            raise ArgumentsInvalid(
                [Fault("/calculations", f"must be a list of 1 to {most} calculations.")]
            )
        calculations = []
        for index, item in enumerate(items):
            try:
                calculations.append(self.plan_request(item))
            except RequestFault as error:
                faults.extend(
                    Fault(f"/calculations/{index}{fault.pointer}", fault.detail)
                    for fault in _faults_of(error)
                )
        if faults:
            raise ArgumentsInvalid(faults)
        return calculations

    def is_inline(self, calculation: Calculation) -> bool:
        """Say whether it is cheap enough to be computed in its request."""
        return calculation.estimate.seconds <= self.settings.inline_seconds


def _faults_of_members(body: Any, names: tuple[str, ...]) -> list[Fault]:
    if not isinstance(body, Mapping):
        return [Fault("", f"must be an object with the member(s) {' and '.join(names)}.")]
    missing = [Fault(f"/{name}", "is missing.") for name in names if name not in body]
    unknown = [
        Fault(
            f"/{_escaped(name[:_SHOWN_CHARACTERS])}",
            f"is not known here; the members are {' and '.join(names)}.",
        )
        for name in itertools.islice(body, _SHOWN_MEMBERS)
        if name not in names
    ]
    return missing + unknown


def _faults_of(error: RequestFault) -> list[Fault]:
    match error:
        case ArgumentsInvalid():
            return list(error.faults)
        case FunctionUnknown():
            return [Fault("/function", f"must be one of: {', '.join(error.known_names)}.")]
        case CalculationTooLarge():
            return [
                Fault(
                    "/arguments",
                    f"needs about {error.needed_bytes} bytes of memory; "
                    f"the limit of this server is {error.limit_bytes} bytes.",
                )
            ]
        case _:
            raise AssertionError(error)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
