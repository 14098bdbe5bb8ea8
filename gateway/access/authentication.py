"""Middleware that finds out who sends a request, and refuses who may not."""

from typing import Any

import falcon.asgi

from gateway.access.caller import ANYBODY


class Authentication:
    """Sets `req.context.caller` before the route is called."""

    async def process_resource(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,  # noqa: ARG002
        resource: Any,  # noqa: ARG002
        params: dict[str, Any],  # noqa: ARG002
    ) -> None:
        """Note the caller."""
        req.context.caller = ANYBODY
