"""/calculations: POST submits a calculation, GET lists them (listing.py)."""

import falcon.asgi

from gateway.access.scopes import by_method
from gateway.http.document import write_document
from gateway.http.preferences import read_preferences, write_applied
from gateway.http.trace_context import read_traceparent
from gateway.routes.listing import Listing
from gateway.server.threads import WatchedThreads
from gateway.submission.plan import Planner
from gateway.submission.requests import read_calculation
from gateway.submission.submit import Submission
from gateway.waiting.lookup import Lookup
from gateway.waiting.retry_after import RetryAfter
from shared.calculation import is_final
from shared.crash_points import GATEWAY_BEFORE_ANSWER, crash_point
from shared.keys.scope import Scope
from shared.store.calculations import Row


class Calculations:
    """The collection."""

    scopes = by_method(GET=Scope.READ, POST=Scope.SUBMIT)

    #: For KnownParameters.
    parameters = Listing.parameters

    def __init__(
        self,
        threads: WatchedThreads,
        planner: Planner,
        submission: Submission,
        lookup: Lookup,
        retry_after: RetryAfter,
        listing: Listing,
    ) -> None:
        self._threads = threads
        self._planner = planner
        self._submission = submission
        self._lookup = lookup
        self._retry_after = retry_after
        self._listing = listing

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Respond with a page of the list."""
        await self._listing.write_page(req, resp)

    on_head = on_get

    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Submit a calculation; with Prefer: wait, respond once it is final."""
        calculation = await read_calculation(req, self._planner, self._threads)
        preferences = read_preferences(req)

        async def submit() -> Row:
            row = await self._submission.submit(
                calculation, req.context.caller, req.context.request_id, read_traceparent(req)
            )
            crash_point(GATEWAY_BEFORE_ANSWER)
            return row

        row = await self._lookup.wait_until_final(calculation.id, submit, preferences.wait_seconds)
        write_document(resp, row, self._retry_after.seconds)
        write_applied(resp, preferences)
        path = f"/calculations/{calculation.id}"
        if is_final(row.status):
            resp.set_header("Content-Location", path)
        else:
            resp.status = falcon.HTTP_202
            resp.set_header("Location", path)
