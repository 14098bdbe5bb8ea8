"""Middleware for when keys are off: everybody may do everything."""

from typing import Any

import falcon.asgi

from gateway.access.caller import ANYBODY
from gateway.access.presented import has_credential


class KeysOff:
    """Sets `req.context.caller` to anybody, and looks at no credential."""

    async def process_resource(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,  # noqa: ARG002
        resource: Any,  # noqa: ARG002
        params: dict[str, Any],  # noqa: ARG002
    ) -> None:
        """Note the caller."""
        req.context.caller = ANYBODY

    async def process_response(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,
        resource: Any,  # noqa: ARG002
        req_succeeded: bool,  # noqa: ARG002
    ) -> None:
        """Keep NGINX from keeping the response for a credential that nobody has checked.

        It would still be there when keys are turned on.
        """
        if has_credential(req):
            resp.delete_header("X-Accel-Expires")

    def check_again(self, req: falcon.asgi.Request) -> None:
        """Do nothing: everybody is let in."""
