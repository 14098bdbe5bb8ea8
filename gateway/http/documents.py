"""A calculation over HTTP: its id as a client writes it, its document as a response."""

import re
from collections.abc import Callable
from uuid import UUID

import falcon.asgi

from gateway.http.responses import let_nginx_cache, write_json
from shared.calculation import is_final
from shared.document import document
from shared.errors import CalculationNotFound
from shared.store.rows import Row

#: RFC 9562's text form; uuid.UUID alone would also accept braces, `urn:` and no hyphens.
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


def parse_calculation_id(text: str) -> UUID:
    """Return the id; raise CalculationNotFound if it is not well-formed."""
    if not _UUID.fullmatch(text):
        raise CalculationNotFound(text)
    return UUID(text)


def write_document(resp: falcon.asgi.Response, row: Row, retry_after: Callable[[Row], int]) -> None:
    """Respond with the document; `retry_after` gives the seconds for one that is not final."""
    write_json(resp, document(row), cache="no-cache")
    if row.has_result:
        let_nginx_cache(resp)
    if not is_final(row.status):
        resp.set_header("Retry-After", str(retry_after(row)))
