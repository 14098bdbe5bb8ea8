"""/functions: GET lists what can be calculated, within which bounds, and what it costs."""

import json
from itertools import count, takewhile
from typing import Any

import falcon.asgi
from shared.functions.signature import Function

from gateway.http.responses import write_json_text
from shared.functions.registry import Registry


class Functions:
    """The catalogue, which does not change while the process runs."""

    def __init__(self, registry: Registry, memory_limit_bytes: int) -> None:
        functions = [_describe(function, memory_limit_bytes) for function in registry]
        self._text = json.dumps({"functions": functions})

    async def on_get(
        self,
        req: falcon.asgi.Request,  # noqa: ARG002
        resp: falcon.asgi.Response,
    ) -> None:
        """Respond with all functions, by name."""
        write_json_text(resp, self._text, cache="no-cache")

    on_head = on_get


def _describe(function: Function, memory_limit_bytes: int) -> dict[str, Any]:
    properties = function.arguments_schema["properties"]
    bounds = {
        name: {bound: schema[bound] for bound in ("minimum", "maximum") if bound in schema}
        for name, schema in properties.items()
    }
    estimates = []
    # With further arguments, an estimate does not depend on this one alone.
    size = bounds[function.size_argument]
    if len(properties) == 1 and "maximum" in size:
        size["accepted_maximum"] = _largest_accepted(
            function, size.get("minimum", 0), size["maximum"], memory_limit_bytes
        )
        estimates = _decades(function, size["maximum"], memory_limit_bytes)
    return {
        "name": function.name,
        "version": function.version,
        "summary": function.summary,
        "arguments": function.arguments_schema,
        "bounds": bounds,
        "memory_limit_bytes": memory_limit_bytes,
        "estimates": estimates,
    }


def _decades(function: Function, largest: int, memory_limit_bytes: int) -> list[dict[str, Any]]:
    sizes = takewhile(lambda size: size <= largest, (10**power for power in count()))
    estimates = [(size, function.estimate({function.size_argument: size})) for size in sizes]
    return [
        {
            function.size_argument: size,
            "seconds": estimate.seconds,
            "digits": estimate.digits,
            "bytes": estimate.bytes,
            "within_memory_limit": estimate.bytes <= memory_limit_bytes,
        }
        for size, estimate in estimates
    ]


def _largest_accepted(
    function: Function, least: int, most: int, memory_limit_bytes: int
) -> int | None:
    """Return the largest size whose estimate is within the memory limit; None if there is none.

    By bisection: estimates of memory grow with the size.
    """

    def is_accepted(size: int) -> bool:
        return function.estimate({function.size_argument: size}).bytes <= memory_limit_bytes

    if not is_accepted(least):
        return None
    while least < most:
        middle = (least + most + 1) // 2
        if is_accepted(middle):
            least = middle
        else:
            most = middle - 1
    return least
