"""/: GET describes the service and links to its routes."""

import falcon.asgi

from gateway.access.scopes import by_method
from gateway.http.responses import write_json

_INDEX = {
    "name": "Reckoner",
    "summary": "Calculations over REST: queued durably, computed once, and exact.",
    # What a browser, or GET, opens.
    "links": {
        "list": "/calculations",
        "functions": "/functions",
        "system": "/system",
        "metrics": "/metrics",
        "health": "/health/ready",
        "description (OpenAPI)": "/openapi.json",
        "description in a browser": "/docs",
        "fibonacci in one line": "/calculate/10",
    },
    "actions": {
        "submit": "POST /calculations",
        "submit many": "POST /calculations/batch",
        "estimate": "POST /estimates",
        "cancel many": "POST /calculations/cancel",
        "begin the session of a browser": "POST /session",
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
