"""/calculations/{id}: GET responds with the document, DELETE cancels."""

import logging
from uuid import UUID

import falcon.asgi
from sqlalchemy import Connection

from gateway.access.scopes import by_method
from gateway.database.database import Database
from gateway.http.document import parse_calculation_id, write_document
from gateway.http.limits import CANCEL_SECONDS
from gateway.http.preferences import read_preferences, write_applied
from gateway.waiting.lookup import Lookup
from gateway.waiting.retry_after import RetryAfter
from shared.calculation import Status
from shared.errors import CalculationFinal
from shared.failures import CANCELLED_JSON
from shared.keys.scope import Scope
from shared.logs.members import log_ids
from shared.metrics.catalogue import FINISHED
from shared.metrics.counters import Counters
from shared.store.calculations import Row, cancel_calculation
from shared.store.notifications import notify_changed

_logger = logging.getLogger(__name__)


class Calculation:
    """One calculation."""

    scopes = by_method(GET=Scope.READ, DELETE=Scope.CANCEL)

    def __init__(
        self, database: Database, lookup: Lookup, retry_after: RetryAfter, counters: Counters
    ) -> None:
        self._counters = counters
        self._database = database
        self._lookup = lookup
        self._retry_after = retry_after

    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, calculation_id: str
    ) -> None:
        """Respond with the document; with Prefer: wait, once it is final."""
        identity = parse_calculation_id(calculation_id)
        preferences = read_preferences(req)
        row = await self._lookup.wait_until_final(
            identity, lambda: self._lookup.get(identity), preferences.wait_seconds
        )
        write_document(resp, row, self._retry_after.seconds)
        write_applied(resp, preferences)

    on_head = on_get

    async def on_delete(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,
        calculation_id: str,
    ) -> None:
        """Cancel: at once if it is queued, by its worker if it is running."""
        identity = parse_calculation_id(calculation_id)
        key_name = req.context.caller.name
        row = await self._database.run_transaction(
            lambda connection: _cancel(connection, identity, key_name)
        )
        if row is None:
            existing = await self._lookup.get(identity)
            raise CalculationFinal(identity, existing.status)
        write_document(resp, row, self._retry_after.seconds)
        what = "Cancelled %s" if row.status == Status.CANCELLED else "Requested the cancel of %s"
        log_ids(
            _logger, logging.INFO, what, [identity], request_id=req.context.request_id, key=key_name
        )
        if row.status == Status.CANCELLED:
            self._counters.add(FINISHED, row.function, row.lane, row.status)
        else:
            resp.status = falcon.HTTP_202
            resp.set_header("Retry-After", str(CANCEL_SECONDS))


def _cancel(connection: Connection, calculation_id: UUID, key_name: str | None) -> Row | None:
    row = cancel_calculation(connection, calculation_id, CANCELLED_JSON, key_name)
    if row is not None:
        notify_changed(connection, [calculation_id])
    return row
