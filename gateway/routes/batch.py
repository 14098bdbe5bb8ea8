"""/calculations/batch: POST submits many calculations at once."""

from collections.abc import Sequence

import falcon.asgi

from gateway.access.scopes import by_method
from gateway.http.body import parse_json, read_body
from gateway.http.limits import MAX_BATCH_BODY_BYTES, MAX_BATCH_CALCULATIONS
from gateway.http.responses import write_json_text
from gateway.http.trace_context import read_traceparent
from gateway.server.threads import WatchedThreads
from gateway.submission.plan import Planner
from gateway.submission.store import BatchReceipt
from gateway.submission.submit import Submission
from shared.calculation import Calculation
from shared.json_lists import encode_list
from shared.keys.scope import Scope


class Batch:
    """Calculations that are queued together, or not at all."""

    scopes = by_method(POST=Scope.SUBMIT)

    def __init__(self, threads: WatchedThreads, planner: Planner, submission: Submission) -> None:
        self._threads = threads
        self._planner = planner
        self._submission = submission

    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Queue all calculations of the batch, or none if one of them is faulty."""
        body = await read_body(req, limit_bytes=MAX_BATCH_BODY_BYTES)
        # In threads: ten thousand calculations would hold up the event loop.
        calculations = await self._threads.run(
            lambda: self._planner.plan_batch(parse_json(body), MAX_BATCH_CALCULATIONS)
        )
        receipt = await self._submission.submit_batch(
            calculations, req.context.caller, req.context.request_id, read_traceparent(req)
        )
        text = await self._threads.run(lambda: _encode(calculations, receipt))
        resp.status = falcon.HTTP_202
        write_json_text(resp, text)


def _encode(calculations: Sequence[Calculation], receipt: BatchReceipt) -> str:
    """Return the receipt as JSON, with the calculations in the order of the request."""
    items = [
        {"id": str(calculation.id), "status": receipt.statuses[calculation.id]}
        for calculation in calculations
    ]
    existing = len(calculations) - receipt.accepted
    return (
        f'{{"calculations": {encode_list(items)}, '
        f'"accepted": {receipt.accepted}, "existing": {existing}}}'
    )
