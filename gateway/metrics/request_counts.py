"""Counts requests: how long each took, and which problem it was answered by."""

from collections import defaultdict
from typing import Any

import falcon.asgi

from shared.metrics.catalogue import REQUEST_SECONDS, REQUESTS_REFUSED
from shared.metrics.counters import Counters

#: Any other method, which a client may choose freely, is one label.
_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"})
_OTHER_METHOD = "other"
_NO_ROUTE = "none"

#: Method, route, status and problem, as Falcon has them.
_Kind = tuple[str, str | None, Any, str | None]

#: Requests that are noted before they are counted: together that costs a fraction.
_MOST_NOTED = 500


class RequestCounts:
    """Notes each request, and counts those that it has noted now and then."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._noted: list[tuple[_Kind, float]] = []

    def note(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, began: float, ended: float
    ) -> None:
        """Note a request that is about to be answered."""
        problem = getattr(resp.context, "problem", None)
        kind = (req.method, req.uri_template, resp.status, problem)
        self._noted.append((kind, ended - began))
        if len(self._noted) >= _MOST_NOTED:
            self.count()

    def count(self) -> None:
        """Count what has been noted, by the templates of routes: paths are without number."""
        noted, self._noted = self._noted, []
        seconds: defaultdict[_Kind, list[float]] = defaultdict(list)
        for kind, taken in noted:
            seconds[kind].append(taken)
        for (method, route, status, problem), some in seconds.items():
            self._counters.observe_all(
                REQUEST_SECONDS,
                some,
                method if method in _METHODS else _OTHER_METHOD,
                route or _NO_ROUTE,
                str(status)[:3],
            )
            if problem is not None:
                self._counters.add(REQUESTS_REFUSED, problem, amount=len(some))
