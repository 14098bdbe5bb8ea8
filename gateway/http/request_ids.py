"""X-Request-ID: an id for each request, which is found again in the logs."""

import re
import secrets
from collections.abc import Callable
from time import perf_counter
from typing import Any

import falcon.asgi

from gateway.http.limits import MAX_REQUEST_ID_CHARACTERS

_WELL_FORMED = re.compile(rf"[A-Za-z0-9._-]{{1,{MAX_REQUEST_ID_CHARACTERS}}}")


class RequestIds:
    """Middleware that keeps a well-formed X-Request-ID and replaces any other.

    It is the first, and calls `on_response` with when a request began and ended, in seconds: a
    middleware that counts would cost each request two coroutines more.
    """

    def __init__(
        self,
        on_response: Callable[[falcon.asgi.Request, falcon.asgi.Response, float, float], None],
    ) -> None:
        self._on_response = on_response

    async def process_request(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,  # noqa: ARG002
    ) -> None:
        """Set the id before anything can fail."""
        req.context.began = perf_counter()
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
        """Set the id on the response."""
        context = req.context
        resp.set_header("X-Request-ID", context.request_id)
        self._on_response(req, resp, context.began, perf_counter())
