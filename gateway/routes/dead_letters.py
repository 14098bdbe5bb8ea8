"""/dead-letters/redrive: POST asks a relay to put messages back that workers have rejected."""

import logging
from uuid import UUID

import falcon
import falcon.asgi
from sqlalchemy import Connection

from gateway.access.scopes import by_method
from gateway.database.database import Database
from gateway.http.body import parse_json, read_body
from gateway.http.limits import MAX_REDRIVE_BODY_BYTES
from gateway.http.redrive_body import read_redrive_body
from gateway.http.responses import write_json
from shared.calculation import Lane
from shared.keys.scope import Scope
from shared.store.notifications import notify_redrives
from shared.store.redrives import request_redrive

_logger = logging.getLogger(__name__)


class Redrive:
    """Requests to put dead letters back.

    A relay carries them out, since no request may wait for RabbitMQ; /system shows how they ended.
    """

    scopes = by_method(POST=Scope.OPERATE)

    def __init__(self, database: Database) -> None:
        self._database = database

    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Store the request, wake the relays, and respond with 202 and its id."""
        body = await read_body(req, limit_bytes=MAX_REDRIVE_BODY_BYTES)
        lane = read_redrive_body(parse_json(body))
        key_name = req.context.caller.name
        identity = await self._database.run_transaction(
            lambda connection: _request(connection, lane, key_name)
        )
        _logger.info(
            "Dead letters of %s are to be put back",
            f"the {lane} lane" if lane else "both lanes",
            extra={"request_id": req.context.request_id, "key": key_name},
        )
        resp.status = falcon.HTTP_202
        write_json(resp, {"id": str(identity)})


def _request(connection: Connection, lane: Lane | None, key_name: str | None) -> UUID:
    identity = request_redrive(connection, lane, key_name)
    notify_redrives(connection)
    return identity
