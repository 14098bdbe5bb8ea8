"""What happens to every request: an id that is found again in the logs and in the message."""

import re
import secrets
from typing import Any

import falcon.asgi

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
