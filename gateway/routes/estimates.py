"""/estimates: POST tells what a calculation would cost, and stores nothing."""

import falcon.asgi

from gateway.access.scopes import by_method
from gateway.http.document import estimate_members
from gateway.http.responses import write_json
from gateway.server.threads import WatchedThreads
from gateway.submission.plan import Planner
from gateway.submission.requests import read_calculation
from gateway.waiting.lookup import Lookup
from shared.keys.scope import Scope


class Estimates:
    """What calculations cost, before anybody submits them."""

    scopes = by_method(POST=Scope.READ)

    def __init__(self, threads: WatchedThreads, planner: Planner, lookup: Lookup) -> None:
        self._threads = threads
        self._planner = planner
        self._lookup = lookup

    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Respond with id, lane and estimate, and with the status if somebody has submitted it."""
        calculation = await read_calculation(req, self._planner, self._threads)
        row = await self._lookup.find(calculation.id)
        content = {
            "id": str(calculation.id),
            "lane": calculation.lane,
            "estimate": estimate_members(calculation),
            "status": None if row is None else row.status,
        }
        write_json(resp, content)
