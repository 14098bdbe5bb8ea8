"""GET /functions: what can be calculated, within which bounds, and what it costs."""

from typing import Any

import falcon.asgi

from gateway.answers import write_json
from shared.functions.registry import Function, Registry


class Functions:
    """The catalogue; it does not change while the process runs."""

    def __init__(self, registry: Registry, memory_limit_bytes: int) -> None:
        functions = [_describe(function, memory_limit_bytes) for function in registry]
        self._answer = {"functions": functions}

    async def on_get(
        self,
        req: falcon.asgi.Request,  # noqa: ARG002
        resp: falcon.asgi.Response,
    ) -> None:
        """Answer with all functions by name."""
        write_json(resp, self._answer, cache="no-cache")

    on_head = on_get


def _describe(function: Function, memory_limit_bytes: int) -> dict[str, Any]:
    properties = function.arguments_schema["properties"]
    estimates = []
    decade = 1
    # A function with further arguments has no estimate that goes by one of them alone.
    size = properties[function.size_argument]
    largest = size.get("maximum", 0) if len(properties) == 1 else 0
    while decade <= largest:
        estimate = function.estimate({function.size_argument: decade})
        estimates.append(
            {
                function.size_argument: decade,
                "seconds": estimate.seconds,
                "digits": estimate.digits,
                "bytes": estimate.bytes,
                "within_memory_limit": estimate.bytes <= memory_limit_bytes,
            }
        )
        decade *= 10
    return {
        "name": function.name,
        "version": function.version,
        "summary": function.summary,
        "arguments": function.arguments_schema,
        "bounds": {
            name: {bound: schema[bound] for bound in ("minimum", "maximum") if bound in schema}
            for name, schema in properties.items()
        },
        "memory_limit_bytes": memory_limit_bytes,
        "estimates": estimates,
    }
