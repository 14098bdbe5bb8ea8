"""GET /calculations/{id}/result: the digits, streamed from PostgreSQL chunk by chunk.

No session is held while a client reads: every chunk is its own short transaction, so a slow
reader costs one chunk of memory and no connection.
"""

import hashlib
import logging
import zlib
from collections.abc import AsyncGenerator

import falcon.asgi

from gateway.http.answers import begun, let_nginx_cache, no_body
from gateway.http.identifiers import parse_calculation_id
from gateway.http.problems import Problem, write_problem
from gateway.http.representation import Answer, Representation, Selection, accepts_gzip
from gateway.routes.calculations import Services
from shared.calculation import Status, is_final
from shared.errors import (
    ResultCorrupt,
    ResultMissing,
    ResultNotFinished,
    ResultPruned,
    StoreUnavailable,
)
from shared.store.calculations import Row
from shared.store.models import CHUNK_DIGITS
from shared.store.results import find_chunk

_FAST_GZIP = 1
_GZIP_WRAPPER = 31

_logger = logging.getLogger(__name__)


class Result:
    """The digits of one calculation as text/plain."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, calculation_id: str
    ) -> None:
        """Answer with all digits or the range that was asked for.

        Headers of a success are set once the first digits are there: until then an error can come.
        """
        row = await self._services.lookup.get(parse_calculation_id(calculation_id))
        self.check_available(row)
        is_get = req.method == "GET"
        range_header = req.get_header("Range") if is_get else None
        representation = Representation(
            row["result_digits"],
            row["result_sha256"],
            # Ranges are of the plain digits, so that a broken download can be resumed anywhere.
            is_gzip=range_header is None and accepts_gzip(req.get_header("Accept-Encoding")),
        )
        selection = representation.select(
            if_match=req.get_header("If-Match"),
            if_none_match=req.get_header("If-None-Match"),
            range_header=range_header,
            if_range=req.get_header("If-Range"),
        )
        match selection.answer:
            case Answer.UNSATISFIABLE:
                write_problem(resp, _unsatisfiable(representation))
                return
            case Answer.OTHER:
                write_problem(resp, _OTHER)
                return
            case Answer.NOT_MODIFIED:
                resp.status = falcon.HTTP_304
                representation.write_headers(resp)
                return
        resp.stream = (
            await self.open(row, selection, is_gzip=representation.is_gzip) if is_get else no_body()
        )
        representation.write_headers(resp)
        resp.content_type = "text/plain; charset=us-ascii"
        if not representation.is_gzip:
            resp.content_length = selection.end - selection.first
        if selection.answer is Answer.PART:
            resp.status = falcon.HTTP_206
            span = f"bytes {selection.first}-{selection.end - 1}/{representation.length}"
            resp.set_header("Content-Range", span)
        else:
            let_nginx_cache(resp)

    on_head = on_get

    def check_available(self, row: Row) -> None:
        """Raise the error that says why there are no digits, if there are none."""
        status = Status(row["status"])
        if not is_final(status):
            seconds = self._services.retry_after.seconds(row)
            raise ResultNotFinished(row["id"], status, seconds)
        if status is not Status.SUCCEEDED:
            raise ResultMissing(row["id"], status, row["error"])
        if row["result_pruned_at"] is not None:
            raise ResultPruned(row["id"])

    async def _compressed(self, digits: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes]:
        compressor = zlib.compressobj(_FAST_GZIP, zlib.DEFLATED, _GZIP_WRAPPER)
        async for piece in digits:
            compressed = await self._services.long_threads.run(
                lambda piece=piece: compressor.compress(piece)  # type: ignore[misc]
            )
            if compressed:
                yield compressed
        yield compressor.flush()

    async def open(
        self, row: Row, selection: Selection, *, is_gzip: bool = False
    ) -> AsyncGenerator[bytes, None]:
        """Return a stream of the bytes that were selected, a chunk at a time, which has begun.

        When that is all of them, the last chunk is held back until the SHA-256 of the whole is
        seen to be right; if it is not, the connection breaks off instead of ending well.
        Raises at once what the first chunk shows: StoreUnavailable, ResultPruned, ResultCorrupt.
        """
        stream = self._stream(row, selection.first, selection.end)
        _, stream = await begun(self._compressed(stream) if is_gzip else stream)
        return stream

    async def _stream(self, row: Row, first: int, end: int) -> AsyncGenerator[bytes, None]:
        is_whole = first == 0 and end == row["result_digits"]
        digest = hashlib.sha256()
        for ordinal in range(first // CHUNK_DIGITS, max(1, -(-end // CHUNK_DIGITS))):
            chunk = await self._chunk(row, ordinal)
            start = ordinal * CHUNK_DIGITS
            is_last = start + CHUNK_DIGITS >= end
            digest.update(chunk)
            is_short = not is_last and len(chunk) < CHUNK_DIGITS
            if is_short or (is_whole and is_last and digest.hexdigest() != row["result_sha256"]):
                raise _corrupt(row)
            yield chunk[max(first - start, 0) : end - start]

    async def _chunk(self, row: Row, ordinal: int) -> bytes:
        if row["result_value"] is not None:
            digits: str = row["result_value"][ordinal * CHUNK_DIGITS :]
        else:
            found = await self._services.database.run_autocommit(
                lambda connection: find_chunk(connection, row["id"], row["result_attempt"], ordinal)
            )
            if found is None:
                raise await self._why_missing(row)
            digits = found
        return digits.encode("ascii")

    async def _why_missing(self, row: Row) -> Exception:
        """Return the damage that a missing chunk is, unless it went with the result meanwhile."""
        now = await self._services.lookup.get(row["id"])
        self.check_available(now)
        if now["result_attempt"] != row["result_attempt"]:
            return StoreUnavailable()  # computed again: its digits are there for the next request
        return _corrupt(row)


def _corrupt(row: Row) -> ResultCorrupt:
    error = ResultCorrupt(row["id"])
    _logger.critical("%s", error, extra={"calculation_id": row["id"]})
    return error


def _unsatisfiable(representation: Representation) -> Problem:
    return Problem(
        416,
        "range-not-satisfiable",
        "The range lies beyond the result",
        f"The result has {representation.length} digits, counted from 0. "
        "Ask for a range within them.",
        headers={"Content-Range": f"bytes */{representation.length}"},
    )


_OTHER = Problem(
    412,
    "precondition-failed",
    "The result is not the one that If-Match names",
    "A result never changes, so the tag is of another one. Ask without If-Match.",
)
