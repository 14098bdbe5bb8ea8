"""GET /calculations: newest first, in pages that stay right while calculations are added."""

import json
from collections.abc import Sequence
from urllib.parse import urlencode

import falcon.asgi

from gateway.database.database import Database
from gateway.http.cursors import decode_cursor, encode_cursor
from gateway.http.document import encode_document
from gateway.http.filters import FILTERS, read_filters
from gateway.http.limits import (
    DEFAULT_PAGE_CALCULATIONS,
    MAX_PAGE_BYTES,
    MAX_PAGE_CALCULATIONS,
)
from gateway.http.query_parameters import single_values
from gateway.http.responses import write_json_text
from gateway.server.threads import WatchedThreads
from reckoner.authoring.faults import Fault
from shared.errors import ArgumentsInvalid
from shared.store.calculations import Row
from shared.store.selection.listing import list_calculations


class Listing:
    """The list of calculations, a page at a time."""

    #: For KnownParameters.
    parameters = (*FILTERS, "limit", "cursor")

    def __init__(self, database: Database, threads: WatchedThreads) -> None:
        self._database = database
        self._threads = threads

    async def write_page(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Respond with the page that the query describes, and the URL of the next."""
        query = single_values(req.params)
        filters = read_filters(query)
        limit = _parse_limit(query.get("limit"))
        before = decode_cursor(query["cursor"]) if "cursor" in query else None
        rows = await self._database.run_transaction(
            lambda connection: list_calculations(
                connection, filters, before=before, limit=limit + 1
            )
        )
        documents = await self._threads.run(lambda: _encode_page(rows[:limit]))
        page, following = rows[: len(documents)], None
        if len(page) < len(rows):
            last = encode_cursor((page[-1].created_at, page[-1].id))
            following = f"/calculations?{urlencode({**query, 'cursor': last})}"
        text = f'{{"calculations": [{", ".join(documents)}], "next": {json.dumps(following)}}}'
        write_json_text(resp, text, cache="no-cache")


def _encode_page(rows: Sequence[Row]) -> list[str]:
    """Return the documents of these rows, or of the first if they exceed MAX_PAGE_BYTES."""
    documents: list[str] = []
    length = 0
    for row in rows:
        documents.append(encode_document(row))
        length += len(documents[-1])
        if length > MAX_PAGE_BYTES:
            break
    return documents


def _parse_limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_PAGE_CALCULATIONS
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_PAGE_CALCULATIONS))
    if not is_number or not 1 <= int(text) <= MAX_PAGE_CALCULATIONS:
        detail = f"limit must be a number from 1 to {MAX_PAGE_CALCULATIONS}."
        raise ArgumentsInvalid([Fault("/limit", detail)])
    return int(text)
