"""/: GET describes the service and links to its routes."""

import falcon.asgi

from gateway.access.scopes import by_method
from gateway.http.responses import write_json

_INDEX = {
    "name": "Reckoner",
    "summary": "Calculations over REST: queued durably, computed once, exact, kept permanently.",
    "links": {
        "submit": "/calculations",
        "submit many": "/calculations/batch",
        "list": "/calculations",
        "cancel many": "/calculations/cancel",
        "estimate": "/estimates",
        "functions": "/functions",
        "system": "/system",
        "metrics": "/metrics",
        "health": "/health/ready",
        "description (OpenAPI)": "/openapi.json",
        "description in a browser": "/docs",
        "session of a browser": "/session",
        "fibonacci in one line": "/calculate/10",
    },
}


class Index:
    """The entry point."""

    scopes = by_method(GET=None)

    async def on_get(
        self,
        req: falcon.asgi.Request,  # noqa: ARG002
        resp: falcon.asgi.Response,
    ) -> None:
        """Respond with the description and the links."""
        write_json(resp, _INDEX, cache="no-cache")

    on_head = on_get
