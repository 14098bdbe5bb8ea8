"""/system/history: GET shows what happened in the last minutes, hours or months."""

import json
from datetime import UTC

import falcon.asgi
from sqlalchemy import Connection

from gateway.access.scopes import by_method
from gateway.database.database import Database
from gateway.http.query_parameters import single_values
from gateway.http.responses import write_json_text
from gateway.state.grid import LEAST_SECONDS, MOST_SECONDS, grid_of
from gateway.state.series import series_members
from reckoner.authoring.faults import Fault
from shared.errors import ArgumentsInvalid
from shared.keys.scope import Scope
from shared.store.history import HOUR_SECONDS, MINUTE_SECONDS, find_span, list_steps

_DEFAULT_SECONDS = 3_600


class History:
    """What the relay has stored of each minute and each hour."""

    scopes = by_method(GET=Scope.OPERATE)

    #: For KnownParameters.
    parameters = ("seconds",)

    def __init__(self, database: Database) -> None:
        self._database = database

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Respond with the series of the last `seconds`."""
        seconds = _parse_seconds(single_values(req.params).get("seconds"))
        text = await self._database.run_transaction(lambda connection: _read(connection, seconds))
        write_json_text(resp, text)

    on_head = on_get


def _read(connection: Connection, seconds: int) -> str:
    now = find_span(connection).now
    grid = grid_of(seconds, now)
    steps = list_steps(connection, grid.stored_seconds, grid.since)
    if grid.stored_seconds == HOUR_SECONDS:
        # The minutes of the hour that has not ended.
        since = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        steps += list_steps(connection, MINUTE_SECONDS, since)
    return json.dumps(series_members(steps, grid))


def _parse_seconds(text: str | None) -> int:
    if text is None:
        return _DEFAULT_SECONDS
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(MOST_SECONDS))
    if not is_number or not LEAST_SECONDS <= int(text) <= MOST_SECONDS:
        detail = f"seconds must be a number from {LEAST_SECONDS} to {MOST_SECONDS}."
        raise ArgumentsInvalid([Fault("/seconds", detail)])
    return int(text)
