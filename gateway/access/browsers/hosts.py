"""Middleware that refuses requests which are not addressed to this service.

Without it a foreign page could have the name of its own server point to this one's address (DNS
rebinding): to the browser the service would then be of the page's own origin.
"""

from functools import lru_cache

import falcon.asgi

from gateway.http.limits import MAX_KNOWN_HOSTS
from shared.config.hosts import AllowedHosts
from shared.errors import HostUnknown

#: Probes address a gateway by whatever name or address it has.
_EXEMPT = "/health/"


class Hosts:
    """Checks the Host header, before anything else is looked at."""

    def __init__(self, allowed: AllowedHosts) -> None:
        """Take the names; a header is parsed once and remembered."""
        self._allow = lru_cache(MAX_KNOWN_HOSTS)(allowed.allow)

    async def process_request(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,  # noqa: ARG002
    ) -> None:
        """Raise HostUnknown unless the host is allowed. X-Forwarded-Host has no say."""
        host = req.get_header("Host")
        if not self._allow(host) and not req.path.startswith(_EXEMPT):
            raise HostUnknown(host)
