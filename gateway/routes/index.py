"""GET /: what this is, and where to go on."""

import falcon.asgi

from gateway.http.answers import write_json

_ANSWER = {
    "name": "Reckoner",
    "summary": "Calculations over REST: queued durably, computed once, exact, kept for good.",
    "links": {
        "submit": "/calculations",
        "submit many": "/calculations/batch",
        "list": "/calculations",
        "functions": "/functions",
        "system": "/system",
        "health": "/health/ready",
        "fibonacci in one line": "/calculate/10",
    },
}


class Root:
    """The first thing that a curious client sees."""

    async def on_get(
        self,
        req: falcon.asgi.Request,  # noqa: ARG002
        resp: falcon.asgi.Response,
    ) -> None:
        """Answer with the routes there are."""
        write_json(resp, _ANSWER, cache="no-cache")

    on_head = on_get
