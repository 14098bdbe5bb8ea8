"""/calculations/cancel: POST cancels many calculations, a bounded number in one call."""

import logging
import time
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import falcon.asgi
from sqlalchemy import Connection

from gateway.access.scopes import by_method
from gateway.database.database import Database
from gateway.http.body import parse_json, read_body
from gateway.http.cancel_body import CancelBody, read_cancel_body
from gateway.http.cursors import encode_cursor
from gateway.http.limits import (
    MAX_CANCEL_BODY_BYTES,
    MAX_CANCELLED,
    MAX_EVENT_LOOP_BODY_BYTES,
    MAX_LOCKED_SECONDS,
    MAX_LOOKED_AT,
)
from gateway.http.responses import write_json
from gateway.server.threads import WatchedThreads
from shared.calculation import Status
from shared.failures import CANCELLED_JSON
from shared.keys.scope import Scope
from shared.logs.members import log_ids
from shared.metrics.catalogue import FINISHED
from shared.metrics.counters import Counters
from shared.store.notifications import notify_changed
from shared.store.selection.cancellation import (
    Changed,
    Found,
    cancel_calculations,
    find_matching,
    find_unfinished,
    wait_until_unlocked,
)

_logger = logging.getLogger(__name__)


class Cancellation:
    """Cancels of many."""

    scopes = by_method(POST=Scope.CANCEL)

    def __init__(self, database: Database, threads: WatchedThreads, counters: Counters) -> None:
        self._database = database
        self._threads = threads
        self._counters = counters

    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Cancel those that match, and respond with how many, and where to go on."""
        body = await read_body(req, limit_bytes=MAX_CANCEL_BODY_BYTES)
        if len(body) <= MAX_EVENT_LOOP_BODY_BYTES:
            wanted = read_cancel_body(parse_json(body))
        else:
            wanted = await self._threads.run(lambda: read_cancel_body(parse_json(body)))
        found = await self._database.run_transaction(lambda connection: _find(connection, wanted))
        changed, locked = await self._cancel(found, wanted, req.context.caller.name)
        _log(changed, req.context.request_id, req.context.caller.name)
        following = found.following
        if locked:
            following = next(place for place in found.places if place.id in locked)
        cancelled = sum(one.status == Status.CANCELLED for one in changed)
        content = {
            "cancelled": cancelled,
            "cancelling": len(changed) - cancelled,
            "next": None if following is None else encode_cursor(following),
        }
        write_json(resp, content)

    async def _cancel(
        self, found: Found, wanted: CancelBody, key_name: str | None
    ) -> tuple[list[Changed], set[UUID]]:
        """Cancel those that were found; return them, and which are still locked by others.

        Those are tried again once the first is free: the relay releases all that it publishes at
        once, and a worker that has claimed one soon commits.
        """
        ids = [place.id for place in found.places]
        changed, locked = await self._cancel_unlocked(ids, wanted, key_name)
        deadline = time.monotonic() + MAX_LOCKED_SECONDS
        while locked and time.monotonic() < deadline:
            ids = [identity for identity in ids if identity in locked]
            if not await self._is_unlocked(ids[0]):
                break
            more, locked = await self._cancel_unlocked(ids, wanted, key_name)
            changed += more
        return changed, locked

    async def _cancel_unlocked(
        self, ids: Sequence[UUID], wanted: CancelBody, key_name: str | None
    ) -> tuple[list[Changed], set[UUID]]:
        changed, locked = await self._database.run_transaction(
            lambda connection: _cancel_and_notify(connection, ids, wanted, key_name)
        )
        ended = ((one.function, one.lane) for one in changed if one.status == Status.CANCELLED)
        for (function, lane), count in Counter(ended).items():
            self._counters.add(FINISHED, function, lane, Status.CANCELLED, amount=count)
        return changed, locked

    async def _is_unlocked(self, identity: UUID) -> bool:
        return await self._database.run_transaction(
            lambda connection: wait_until_unlocked(connection, identity)
        )


def _log(changed: Sequence[Changed], request_id: str, key_name: str | None) -> None:
    ended = {one.id for one in changed if one.status == Status.CANCELLED}
    ending = [one.id for one in changed if one.id not in ended]
    for what, ids in (("Cancelled %s", ended), ("Requested the cancel of %s", ending)):
        log_ids(_logger, logging.INFO, what, ids, request_id=request_id, key=key_name)


def _find(connection: Connection, wanted: CancelBody) -> Found:
    if wanted.ids is not None:
        return find_unfinished(connection, wanted.ids, start=wanted.start, most=MAX_CANCELLED)
    return find_matching(
        connection,
        wanted.filters,
        wanted.submitted_by,
        start=wanted.start,
        most=MAX_CANCELLED,
        most_looked_at=MAX_LOOKED_AT,
    )


def _cancel_and_notify(
    connection: Connection, ids: Sequence[UUID], wanted: CancelBody, key_name: str | None
) -> tuple[list[Changed], set[UUID]]:
    changed, locked = cancel_calculations(connection, ids, wanted.filters, CANCELLED_JSON, key_name)
    notify_changed(connection, [one.id for one in changed])
    return changed, locked
