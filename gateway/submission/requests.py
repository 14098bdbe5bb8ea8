"""The body of a request that describes one calculation: of a submission, and of an estimate."""

import falcon.asgi

from gateway.http.body import parse_json, read_body
from gateway.http.limits import MAX_BODY_BYTES, MAX_EVENT_LOOP_BODY_BYTES
from gateway.server.threads import WatchedThreads
from gateway.submission.plan import Planner
from shared.calculation import Calculation


async def read_calculation(
    req: falcon.asgi.Request, planner: Planner, threads: WatchedThreads
) -> Calculation:
    """Return the calculation that the body describes; raise what `plan_request` raises."""
    body = await read_body(req, limit_bytes=MAX_BODY_BYTES)
    if len(body) <= MAX_EVENT_LOOP_BODY_BYTES:
        return planner.plan_request(parse_json(body))
    return await threads.run(lambda: planner.plan_request(parse_json(body)))
