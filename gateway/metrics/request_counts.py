"""Counts requests: how long each took, and which problem it was answered by."""

from time import perf_counter
from typing import Any

import falcon.asgi

from shared.metrics.catalogue import REQUEST_SECONDS, REQUESTS_REFUSED
from shared.metrics.counters import Counters

#: Any other method, which a client may choose freely, is one label.
_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"})
_OTHER_METHOD = "other"
_NO_ROUTE = "none"


class RequestCounts:
    """Middleware, to be the first: what the others take is counted as well."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    async def process_request(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,  # noqa: ARG002
    ) -> None:
        """Note when the request began."""
        req.context.began = perf_counter()

    async def process_response(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,
        resource: Any,  # noqa: ARG002
        req_succeeded: bool,  # noqa: ARG002
    ) -> None:
        """Count the request, by the template of its route: paths are without number."""
        method = req.method if req.method in _METHODS else _OTHER_METHOD
        status = str(resp.status)[:3]
        self._counters.observe(
            REQUEST_SECONDS,
            perf_counter() - req.context.began,
            method,
            req.uri_template or _NO_ROUTE,
            status,
        )
        if status >= "400":
            problem = resp.context.get("problem")
            if problem is not None:
                self._counters.add(REQUESTS_REFUSED, problem)
