"""/: GET shows the console to a browser, and to others what the service is and its routes."""

import falcon
import falcon.asgi

from gateway.access.scopes import by_method
from gateway.console.page import Console
from gateway.http.query_parameters import refuse_unknown
from gateway.http.responses import write_json
from gateway.routes.console import write_console

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

    #: The console's filters: it looks at them in the browser.
    parameters = None

    def __init__(self, console: Console) -> None:
        self._console = console

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Respond with the page if the client prefers one, else with the links."""
        resp.append_header("Vary", "Accept")
        # Of equals the first: `curl` accepts everything.
        if req.client_prefers((falcon.MEDIA_JSON, falcon.MEDIA_HTML)) == falcon.MEDIA_HTML:
            write_console(resp, self._console)
            return
        refuse_unknown(req, ())
        write_json(resp, _INDEX, cache="no-cache")

    on_head = on_get
