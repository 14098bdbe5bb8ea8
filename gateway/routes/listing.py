"""GET /calculations: newest first, in pages that stay right while calculations are added."""

from collections.abc import Sequence

import falcon.asgi

from gateway.database.database import Database
from gateway.http.document import encode_document
from gateway.http.limits import MAX_PAGE_BYTES
from gateway.http.list_query import LIST_PARAMETERS, ListQuery, read_list_query
from gateway.http.page import Page
from gateway.http.responses import write_json_text
from gateway.server.threads import WatchedThreads
from shared.store.calculations import Row
from shared.store.selection.listing import list_calculations


class Listing:
    """The list of calculations, a page at a time."""

    #: For KnownParameters.
    parameters = LIST_PARAMETERS

    def __init__(self, database: Database, threads: WatchedThreads) -> None:
        self._database = database
        self._threads = threads

    async def write_page(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Respond with the page that the query describes, and the URL of the next."""
        page = await self.read_page(read_list_query(req.params))
        write_json_text(resp, page.text, cache="no-cache")

    async def read_page(self, query: ListQuery) -> Page:
        """Return the page as it is now. Raises StoreUnavailable."""
        limit = query.limit
        rows = await self._database.run_transaction(
            lambda connection: list_calculations(
                connection, query.filters, before=query.before, limit=limit + 1
            )
        )
        return await self._threads.run(lambda: _make_page(rows, query))


def _make_page(rows: Sequence[Row], query: ListQuery) -> Page:
    documents = _encode_page(rows[: query.limit])
    page, following = rows[: len(documents)], None
    if len(page) < len(rows):
        following = query.following((page[-1].created_at, page[-1].id))
    names = [str(row.id) for row in page]
    return Page(dict(zip(names, documents, strict=True)), following)


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
