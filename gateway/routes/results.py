"""/calculations/{id}/result: GET responds with the bytes, whole or a range of them."""

import falcon.asgi

from gateway.access.scopes import by_method
from gateway.http.document import parse_calculation_id
from gateway.http.limits import MIN_GZIP_BYTES
from gateway.http.problems import PRECONDITION_FAILED, range_not_satisfiable, write_problem
from gateway.http.responses import empty_stream, let_nginx_cache
from gateway.http.results.browser_headers import write_browser_headers
from gateway.http.results.media_types import is_compressible, media_type_of
from gateway.http.results.representation import Outcome, Representation, accepts_gzip
from gateway.routes.result_bytes import ResultBytes
from gateway.waiting.lookup import Lookup
from shared.keys.scope import Scope


class Result:
    """The result of one calculation, with its media type."""

    scopes = by_method(GET=Scope.READ)

    def __init__(self, lookup: Lookup, result_bytes: ResultBytes) -> None:
        self._lookup = lookup
        self._bytes = result_bytes

    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, calculation_id: str
    ) -> None:
        """Respond with all bytes or the range that is requested.

        The headers of a success are set once the first bytes are there: until then an error may
        become the response.
        """
        row = await self._lookup.get(parse_calculation_id(calculation_id))
        self._bytes.check_available(row)
        length = row.length
        assert length is not None  # by a CHECK of the table
        assert row.result_sha256 is not None
        is_get = req.method == "GET"
        range_header = req.get_header("Range") if is_get else None
        media_type = media_type_of(row)
        may_be_gzip = length >= MIN_GZIP_BYTES and is_compressible(media_type)
        representation = Representation(
            length,
            row.result_sha256,
            may_be_gzip=may_be_gzip,
            # Ranges are of the plain bytes, so that a broken download can be resumed anywhere.
            is_gzip=may_be_gzip
            and range_header is None
            and accepts_gzip(req.get_header("Accept-Encoding")),
        )
        selection = representation.select(
            if_match=req.get_header("If-Match"),
            if_none_match=req.get_header("If-None-Match"),
            range_header=range_header,
            if_range=req.get_header("If-Range"),
        )
        match selection.outcome:
            case Outcome.RANGE_NOT_SATISFIABLE:
                write_problem(resp, range_not_satisfiable(representation.length))
                return
            case Outcome.PRECONDITION_FAILED:
                write_problem(resp, PRECONDITION_FAILED)
                return
            case Outcome.NOT_MODIFIED:
                resp.status = falcon.HTTP_304
                representation.write_headers(resp)
                write_browser_headers(resp, row, media_type)
                return
        first, end, is_gzip = selection.first, selection.end, representation.is_gzip
        resp.stream = (
            await self._bytes.open(row, first, end, is_gzip=is_gzip) if is_get else empty_stream()
        )
        representation.write_headers(resp)
        write_browser_headers(resp, row, media_type)
        resp.content_type = media_type
        if not is_gzip:
            resp.content_length = end - first
        if selection.outcome is Outcome.PART:
            resp.status = falcon.HTTP_206
            resp.set_header("Content-Range", f"bytes {first}-{end - 1}/{representation.length}")
        else:
            let_nginx_cache(resp)

    on_head = on_get
