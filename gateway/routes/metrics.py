"""/metrics: GET shows what all processes have counted, and how Reckoner is, for Prometheus."""

import falcon.asgi

from gateway.access.scopes import by_method
from gateway.metrics.collecting import Collecting
from gateway.metrics.exposition import MEDIA_TYPE
from shared.keys.scope import Scope


class Metrics:
    """The metrics, which are at most some seconds old."""

    scopes = by_method(GET=Scope.OPERATE)

    #: For when no key can be checked, because PostgreSQL is down: that is what a scrape is to tell.
    serves_unchecked = True

    def __init__(self, collecting: Collecting) -> None:
        self._collecting = collecting

    async def on_get(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,
    ) -> None:
        """Respond with 200, whatever the state of PostgreSQL."""
        resp.content_type = MEDIA_TYPE
        resp.cache_control = ["no-store"]
        if Scope.OPERATE in req.context.caller.scopes:
            resp.data = await self._collecting.exposition()
        else:
            resp.data = self._collecting.exposition_of_outage()

    on_head = on_get
