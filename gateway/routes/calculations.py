"""The resources under /calculations but the digits themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import falcon.asgi

from gateway.database.database import Database
from gateway.http.answers import let_nginx_cache, write_json, write_json_text
from gateway.http.bodies import KIB, parse_json, read_body
from gateway.http.identifiers import parse_calculation_id
from gateway.http.preferences import read_preferences, write_applied
from gateway.server.threads import WatchedThreads
from gateway.submission.plan import Planner
from gateway.submission.store import BatchReceipt
from gateway.submission.submit import Submission
from gateway.waiting.lookup import Lookup
from gateway.waiting.retry_after import RetryAfter
from gateway.waiting.waiters import Waiters
from shared.calculation import Calculation as Planned
from shared.calculation import Status, document, is_final
from shared.crash_points import GATEWAY_BEFORE_ANSWER, crash_point
from shared.errors import CalculationFinal
from shared.failures import CANCELLED_JSON
from shared.long_json import encode_list
from shared.store import calculations as store
from shared.store.calculations import Row
from shared.store.notifications import notify_changed
from shared.store.rows import has_result

SINGLE_LIMIT_BYTES = 64 * KIB
BATCH_LIMIT_BYTES = 4 * KIB * KIB
BATCH_MOST = 10_000

#: A longer body is read and checked in a thread: other requests would miss the event loop.
_SHORT_BYTES = 4 * KIB


@dataclass(frozen=True, slots=True)
class Services:
    """What the resources share within one gateway process."""

    database: Database
    long_threads: WatchedThreads
    lookup: Lookup
    planner: Planner
    submission: Submission
    waiters: Waiters
    retry_after: RetryAfter


def write_document(resp: falcon.asgi.Response, row: Row, retry_after: RetryAfter) -> None:
    """Answer with the document; an unfinished one says when to look again."""
    write_json(resp, document(row), cache="no-cache")
    if has_result(row):
        let_nginx_cache(resp)
    if not is_final(row["status"]):
        resp.set_header("Retry-After", str(retry_after.seconds(row)))


class Calculations:
    """POST /calculations and GET /calculations (see listing.py for the latter's pages)."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Take a calculation in; hold the request for the result if asked to."""
        services = self._services
        body = await read_body(req, limit_bytes=SINGLE_LIMIT_BYTES)
        if len(body) <= _SHORT_BYTES:
            calculation = services.planner.plan_request(parse_json(body))
        else:
            calculation = await services.long_threads.run(
                lambda: services.planner.plan_request(parse_json(body))
            )
        preferences = read_preferences(req)

        async def submit() -> Row:
            row = await services.submission.submit(calculation, req.context.request_id)
            crash_point(GATEWAY_BEFORE_ANSWER)
            return row

        row = await services.lookup.wait_until_final(
            calculation.id, submit, preferences.wait_seconds
        )
        write_document(resp, row, services.retry_after)
        write_applied(resp, preferences)
        path = f"/calculations/{calculation.id}"
        if is_final(row["status"]):
            resp.set_header("Content-Location", path)
        else:
            resp.status = falcon.HTTP_202
            resp.set_header("Location", path)


class CalculationBatch:
    """POST /calculations/batch."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Queue up to 10,000 calculations at once, or none if one of them is at fault."""
        body = await read_body(req, limit_bytes=BATCH_LIMIT_BYTES)
        # In a thread: reading ten thousand takes long enough to be missed by other requests.
        calculations = await self._services.long_threads.run(
            lambda: self._services.planner.plan_batch(parse_json(body), BATCH_MOST)
        )
        receipt = await self._services.submission.submit_batch(calculations, req.context.request_id)
        answer = await self._services.long_threads.run(lambda: _receipt(calculations, receipt))
        resp.status = falcon.HTTP_202
        write_json_text(resp, answer)


def _receipt(calculations: Sequence[Planned], receipt: BatchReceipt) -> str:
    """Return the answer to a batch as JSON; it may be long."""
    items = [
        {"id": str(calculation.id), "status": receipt.statuses[calculation.id]}
        for calculation in calculations
    ]
    existing = len(calculations) - receipt.accepted
    return (
        f'{{"calculations": {encode_list(items)}, '
        f'"accepted": {receipt.accepted}, "existing": {existing}}}'
    )


class Calculation:
    """GET and DELETE /calculations/{id}."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, calculation_id: str
    ) -> None:
        """Answer with the document; hold the request until it is final if asked to."""
        services = self._services
        identity = parse_calculation_id(calculation_id)
        preferences = read_preferences(req)
        row = await services.lookup.wait_until_final(
            identity, lambda: services.lookup.get(identity), preferences.wait_seconds
        )
        write_document(resp, row, services.retry_after)
        write_applied(resp, preferences)

    on_head = on_get

    async def on_delete(
        self,
        req: falcon.asgi.Request,  # noqa: ARG002
        resp: falcon.asgi.Response,
        calculation_id: str,
    ) -> None:
        """Cancel: at once if it is queued, by its worker if it is running."""
        identity = parse_calculation_id(calculation_id)
        row = await self._services.database.run_transaction(
            lambda connection: _cancel(connection, identity)
        )
        if row is None:
            known = await self._services.lookup.get(identity)
            raise CalculationFinal(identity, known["status"])
        write_document(resp, row, self._services.retry_after)
        if row["status"] != Status.CANCELLED:
            resp.status = falcon.HTTP_202
            resp.set_header("Retry-After", "2")


def _cancel(connection: Any, calculation_id: UUID) -> Row | None:
    row = store.cancel_calculation(connection, calculation_id, CANCELLED_JSON)
    if row is not None:
        notify_changed(connection, [calculation_id])
    return row
