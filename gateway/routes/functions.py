"""/functions: GET tells what can be calculated, within which bounds, and what it costs.

All of them, or the one of a name.
"""

import contextlib
import dataclasses
import json
from collections.abc import Mapping
from itertools import count, takewhile
from math import inf
from typing import Any, TypeVar

import falcon.asgi

from gateway.access.scopes import by_method
from gateway.http.responses import write_json_text
from reckoner.authoring.arguments.integers import MAXIMA
from reckoner.authoring.definition import Function
from reckoner.authoring.errors import ArgumentsFaulty
from reckoner.authoring.estimates import Estimate
from shared.config import Settings
from shared.errors import FunctionNotFound
from shared.functions.registry import Package, Registry
from shared.keys.scope import Scope

_Number = TypeVar("_Number", int, float)

_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


class Catalogue:
    """Descriptions of the installed functions, which do not change while the process runs."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self._by_name = {
            function.name: describe_function(function, settings, registry.package_of(function.name))
            for function in registry
        }
        problems = [dataclasses.asdict(problem) for problem in registry.problems]
        functions = list(self._by_name.values())
        self.text = json.dumps({"functions": functions, "problems": problems})

    def description(self, name: str) -> str:
        """Return that of one function, as JSON; raise FunctionNotFound if there is none."""
        if name not in self._by_name:
            raise FunctionNotFound(name, tuple(self._by_name))
        return json.dumps(self._by_name[name])


class Functions:
    """The catalogue."""

    scopes = by_method(GET=Scope.READ)

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def on_get(
        self,
        req: falcon.asgi.Request,  # noqa: ARG002
        resp: falcon.asgi.Response,
    ) -> None:
        """Respond with all functions, by name, and with what is installed and cannot be used."""
        write_json_text(resp, self._catalogue.text, cache="no-cache")

    on_head = on_get


class OneFunction:
    """An entry of the catalogue."""

    scopes = by_method(GET=Scope.READ)

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def on_get(
        self,
        req: falcon.asgi.Request,  # noqa: ARG002
        resp: falcon.asgi.Response,
        name: str,
    ) -> None:
        """Respond with the function of this name, as in the list of all."""
        write_json_text(resp, self._catalogue.description(name), cache="no-cache")

    on_head = on_get


def describe_function(
    function: Function, settings: Settings, package: Package | None = None
) -> dict[str, Any]:
    """Return its entry of the catalogue."""
    properties = function.arguments_schema["properties"]
    bounds: dict[str, dict[str, Any]] = {
        name: {bound: schema[bound] for bound in _BOUNDS if bound in schema}
        for name, schema in properties.items()
    }
    memory_limit = _least(settings.memory_limit_bytes, function.memory_bytes)
    estimates = []
    # With further arguments, an estimate does not depend on this one alone.
    name = function.size_argument
    if name is not None and len(properties) == 1 and _is_bounded_integer(properties[name]):
        sizes = _Sizes(function, name, properties[name])
        # Sizes within the bounds may be invalid even so: no multiple of 3, for example.
        with contextlib.suppress(ArgumentsFaulty):
            largest, estimates = sizes.largest_accepted(memory_limit), sizes.decades(memory_limit)
            bounds[name]["accepted_maximum"] = largest
    return {
        "name": function.name,
        "version": function.version,
        "fingerprint": function.fingerprint,
        "package": None if package is None else dataclasses.asdict(package),
        "summary": function.summary,
        "description": function.description,
        "arguments": function.arguments_schema,
        "examples": list(function.examples),
        "bounds": bounds,
        "result": {"kind": function.kind, "media_type": function.media_type},
        "check": function.check_name,
        "lane": function.lane,
        "memory_limit_bytes": memory_limit,
        "time_limit_seconds": _least(settings.time_limit_seconds, function.timeout_seconds),
        "estimates": estimates,
    }


def _is_bounded_integer(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "integer" and bool(schema.keys() & MAXIMA)


def _least(limit: _Number, own: _Number | None) -> _Number:
    return limit if own is None else min(limit, own)


class _Sizes:
    """What a function costs, by the size of its only argument."""

    def __init__(self, function: Function, name: str, schema: Mapping[str, Any]) -> None:
        self._function = function
        self._name = name
        least = max(schema.get("minimum", -inf), schema.get("exclusiveMinimum", -inf) + 1)
        self._most = min(schema.get("maximum", inf), schema.get("exclusiveMaximum", inf) - 1)
        self._least = min(0, self._most) if least == -inf else least

    def decades(self, memory_limit_bytes: int) -> list[dict[str, Any]]:
        """Return the estimates of the powers of ten."""
        powers = takewhile(lambda size: size <= self._most, (10**power for power in count()))
        estimates = [(size, self._estimate(size)) for size in powers if size >= self._least]
        return [
            {
                self._name: size,
                "seconds": estimate.seconds,
                "digits": estimate.digits,
                "bytes": estimate.bytes,
                "within_memory_limit": estimate.bytes <= memory_limit_bytes,
            }
            for size, estimate in estimates
            if estimate is not None
        ]

    def largest_accepted(self, memory_limit_bytes: int) -> int | None:
        """Return the largest size whose estimate is within the memory limit, or None.

        By bisection: estimates of memory grow with the size.
        """

        def is_accepted(size: int) -> bool:
            estimate = self._estimate(size)
            return estimate is None or estimate.bytes <= memory_limit_bytes

        least: int = self._least
        most: int = self._most
        if not is_accepted(least):
            return None
        while least < most:
            middle = (least + most + 1) // 2
            if is_accepted(middle):
                least = middle
            else:
                most = middle - 1
        return least

    def _estimate(self, size: int) -> Estimate | None:
        return self._function.estimate(self._function.bind({self._name: size}))
