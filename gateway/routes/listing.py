"""GET /calculations: newest first, in pages that stay right while new ones come in."""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

import falcon.asgi

from gateway.database.database import Database
from gateway.http.answers import write_json_text
from gateway.server.threads import WatchedThreads
from shared.calculation import Status, document
from shared.errors import ArgumentsInvalid, Fault
from shared.long_json import encode_list
from shared.store.listing import list_calculations

DEFAULT_LIMIT = 100
MOST_LIMIT = 1_000

#: A place in the list: the creation time and id of the last calculation seen.
Position = tuple[datetime, UUID]


class CalculationList:
    """One page of calculations and the address of the next."""

    #: For KnownParameters.
    parameters = ("status", "function", "limit", "cursor")

    def __init__(self, database: Database, threads: WatchedThreads) -> None:
        self._database = database
        self._threads = threads

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Answer with the page that the query asks for."""
        query = _single_values(req.params)
        status = _status(query.get("status"))
        function = query.get("function")
        limit = _limit(query.get("limit"))
        before = decode_cursor(query["cursor"]) if "cursor" in query else None
        if function is not None and not function.isprintable():
            raise ArgumentsInvalid([Fault("/function", "is not the name of a function.")])
        rows = await self._database.run_transaction(
            lambda connection: list_calculations(
                connection, status=status, function=function, before=before, limit=limit + 1
            )
        )
        page, more = rows[:limit], len(rows) > limit
        following = None
        if more:
            last = encode_cursor((page[-1]["created_at"], page[-1]["id"]))
            following = f"/calculations?{urlencode({**query, 'cursor': last})}"
        documents = await self._threads.run(lambda: encode_list([document(row) for row in page]))
        answer = f'{{"calculations": {documents}, "next": {json.dumps(following)}}}'
        write_json_text(resp, answer, cache="no-cache")

    on_head = on_get


def encode_cursor(position: Position) -> str:
    """Return the position as one opaque word for a URL."""
    moment, identity = position[0].astimezone(UTC), position[1]
    return base64.urlsafe_b64encode(f"{moment.isoformat()} {identity}".encode()).decode()


def decode_cursor(cursor: str) -> Position:
    """Return the position that a cursor names; raise ArgumentsInvalid if it is none of ours."""
    try:
        words = base64.b64decode(cursor, altchars=b"-_", validate=True).decode("ascii")
        moment, _, identity = words.partition(" ")
        position = datetime.fromisoformat(moment), UUID(identity)
        if position[0].utcoffset() != timedelta() or encode_cursor(position) != cursor:
            raise ValueError(cursor)
    except (ValueError, binascii.Error) as error:
        raise ArgumentsInvalid(
            [Fault("/cursor", "is not one that a page of this list gave as `next`.")]
        ) from error
    return position


def _single_values(parameters: Mapping[str, str | list[str]]) -> dict[str, str]:
    faults = [
        Fault(f"/{name}", "is given more than once.")
        for name, value in parameters.items()
        if not isinstance(value, str)
    ]
    if faults:
        raise ArgumentsInvalid(faults)
    return {name: value for name, value in parameters.items() if isinstance(value, str)}


def _status(written: str | None) -> Status | None:
    if written is None:
        return None
    try:
        return Status(written)
    except ValueError as error:
        known = ", ".join(Status)
        raise ArgumentsInvalid([Fault("/status", f"must be one of: {known}.")]) from error


def _limit(written: str | None) -> int:
    if written is None:
        return DEFAULT_LIMIT
    is_number = written.isascii() and written.isdigit() and len(written) <= len(str(MOST_LIMIT))
    if not is_number or not 1 <= int(written) <= MOST_LIMIT:
        raise ArgumentsInvalid([Fault("/limit", f"must be a number from 1 to {MOST_LIMIT}.")])
    return int(written)
