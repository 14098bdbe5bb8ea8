"""Query parameters: unknown and repeated ones are refused, like unknown members of a body."""

from collections.abc import Mapping
from typing import Any

import falcon.asgi

from gateway.http.limits import MAX_SHOWN_CHARACTERS
from reckoner.authoring.faults import Fault
from shared.errors import ArgumentsInvalid


class KnownParameters:
    """Middleware that refuses parameters which the route does not know.

    A resource lists those of its GET in `parameters`; without that it has none, and with None
    it looks at them itself. Otherwise a mistake would go unnoticed, and one response would have
    any number of URLs.
    """

    async def process_resource(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,  # noqa: ARG002
        resource: Any,
        params: dict[str, Any],  # noqa: ARG002
    ) -> None:
        """Raise ArgumentsInvalid if there is an unknown parameter."""
        # A method that the route does not have is answered 405, whatever the parameters.
        if not req.query_string or not hasattr(resource, f"on_{req.method.lower()}"):
            return
        known: tuple[str, ...] | None = (
            getattr(resource, "parameters", ()) if req.method in ("GET", "HEAD") else ()
        )
        if known is not None:
            refuse_unknown(req, known)


def refuse_unknown(req: falcon.asgi.Request, known: tuple[str, ...]) -> None:
    """Raise ArgumentsInvalid if the request has a parameter that is none of these."""
    faults = [
        _unknown(name[:MAX_SHOWN_CHARACTERS], known) for name in req.params if name not in known
    ]
    if faults:
        raise ArgumentsInvalid(faults)


def _unknown(name: str, known: tuple[str, ...]) -> Fault:
    taken = ", ".join(known) or "none"
    return Fault(f"/{name}", f"{name} is not a parameter of this route, which takes {taken}.")


def single_values(parameters: Mapping[str, str | list[str]]) -> dict[str, str]:
    """Return the parameters; raise ArgumentsInvalid if one is repeated."""
    faults = [
        Fault(f"/{name}", f"{name} is repeated.")
        for name, value in parameters.items()
        if not isinstance(value, str)
    ]
    if faults:
        raise ArgumentsInvalid(faults)
    return {name: value for name, value in parameters.items() if isinstance(value, str)}
