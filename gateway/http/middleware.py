"""What happens to every request: an id that is found again in the logs, and a look at its query."""

import re
import secrets
from typing import Any

import falcon.asgi

from shared.errors import ArgumentsInvalid, Fault

#: Of a long name of a parameter not all is repeated back.
_SHOWN_CHARACTERS = 100

_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,128}")


class RequestIds:
    """Take X-Request-ID over from the request if it is well-formed, else make one."""

    async def process_request(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,  # noqa: ARG002
    ) -> None:
        """Note the id before anything can fail."""
        given = req.get_header("X-Request-ID")
        well_formed = given is not None and _WELL_FORMED.fullmatch(given)
        req.context.request_id = given if well_formed else secrets.token_hex(16)

    async def process_response(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,
        resource: Any,  # noqa: ARG002
        req_succeeded: bool,  # noqa: ARG002
    ) -> None:
        """Put the id on the response."""
        resp.set_header("X-Request-ID", req.context.request_id)


class KnownParameters:
    """Refuse a query that names what its route does not know, as unknown members of a body are.

    A resource names what its GET takes in `parameters`; others take nothing. A client that is
    mistaken hears of it, and nobody asks for one thing under a thousand addresses.
    """

    async def process_resource(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,  # noqa: ARG002
        resource: Any,
        params: dict[str, Any],  # noqa: ARG002
    ) -> None:
        """Raise ArgumentsInvalid if there is such a parameter."""
        if not req.query_string:
            return
        known: tuple[str, ...] = (
            getattr(resource, "parameters", ()) if req.method in ("GET", "HEAD") else ()
        )
        names = f"the parameters are {', '.join(known)}" if known else "this route takes none"
        faults = [
            Fault(f"/{name[:_SHOWN_CHARACTERS]}", f"is not known here; {names}.")
            for name in req.params
            if name not in known
        ]
        if faults:
            raise ArgumentsInvalid(faults)
