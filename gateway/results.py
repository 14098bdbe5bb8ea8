"""GET /calculations/{id}/result: the digits, streamed from PostgreSQL chunk by chunk.

No session is held while a client reads: every chunk is its own short transaction, so a slow
reader costs one chunk of memory and no connection.
"""

import hashlib
import logging
import zlib
from collections.abc import AsyncIterator

import falcon.asgi

from gateway.calculations import Services
from gateway.identifiers import parse_calculation_id
from gateway.problems import Problem, write_problem
from gateway.representation import Answer, Representation, Selection, accepts_gzip
from shared.calculation import Status
from shared.errors import ResultCorrupt, ResultMissing, ResultNotFinished, ResultPruned
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
        """Answer with all digits or the range that was asked for."""
        row = await self._services.get(parse_calculation_id(calculation_id))
        self.check_available(row)
        representation = Representation(row["result_digits"], row["result_sha256"])
        selection = representation.select(
            if_none_match=req.get_header("If-None-Match"),
            range_header=req.get_header("Range"),
            if_range=req.get_header("If-Range"),
        )
        representation.write_headers(resp)
        resp.content_type = "text/plain; charset=us-ascii"
        match selection.answer:
            case Answer.NOT_MODIFIED:
                resp.status = falcon.HTTP_304
            case Answer.UNSATISFIABLE:
                _write_unsatisfiable(resp, representation)
            case Answer.PART:
                resp.status = falcon.HTTP_206
                span = f"bytes {selection.first}-{selection.end - 1}/{representation.length}"
                resp.set_header("Content-Range", span)
                self._write_digits(req, resp, row, selection)
            case Answer.WHOLE:
                if accepts_gzip(req.get_header("Accept-Encoding")):
                    self._write_gzip(req, resp, row, representation)
                else:
                    self._write_digits(req, resp, row, selection)

    on_head = on_get

    def check_available(self, row: Row) -> None:
        """Raise the error that says why there are no digits, if there are none."""
        status = Status(row["status"])
        if not status.is_final:
            seconds = self._services.backlog.retry_after(row)
            raise ResultNotFinished(row["id"], status, seconds)
        if status is not Status.SUCCEEDED:
            raise ResultMissing(row["id"], status, row["error"])
        if row["result_pruned_at"] is not None:
            raise ResultPruned(row["id"])

    def _write_digits(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, row: Row, selection: Selection
    ) -> None:
        resp.content_length = selection.end - selection.first
        if req.method != "HEAD":
            resp.stream = self.stream(row, selection.first, selection.end)

    def _write_gzip(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,
        row: Row,
        representation: Representation,
    ) -> None:
        # Another representation: another tag, and the digest of the plain one is not its own.
        resp.set_header("Content-Encoding", "gzip")
        resp.set_header("ETag", representation.gzip_etag)
        resp.delete_header("Repr-Digest")
        if req.method != "HEAD":
            resp.stream = self._compressed(self.stream(row, 0, representation.length))

    async def _compressed(self, digits: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        compressor = zlib.compressobj(_FAST_GZIP, zlib.DEFLATED, _GZIP_WRAPPER)
        async for piece in digits:
            compressed = await self._services.database.compute(
                lambda piece=piece: compressor.compress(piece)  # type: ignore[misc]
            )
            if compressed:
                yield compressed
        yield compressor.flush()

    async def stream(self, row: Row, first: int, end: int) -> AsyncIterator[bytes]:
        """Yield the bytes from `first` up to `end`, a chunk at a time.

        When that is all of them, the last chunk is held back until the SHA-256 of the whole is
        seen to be right; if it is not, the connection breaks off instead of ending well.
        Raises ResultCorrupt.
        """
        is_whole = first == 0 and end == row["result_digits"]
        digest = hashlib.sha256()
        for ordinal in range(first // CHUNK_DIGITS, -(-end // CHUNK_DIGITS)):
            chunk = await self._chunk(row, ordinal)
            start = ordinal * CHUNK_DIGITS
            piece = chunk[max(first - start, 0) : end - start]
            if is_whole:
                digest.update(piece)
                is_last = start + len(chunk) >= end
                if is_last and digest.hexdigest() != row["result_sha256"]:
                    error = ResultCorrupt(row["id"])
                    _logger.critical("%s", error, extra={"calculation_id": row["id"]})
                    raise error
            yield piece

    async def _chunk(self, row: Row, ordinal: int) -> bytes:
        if row["result_value"] is not None:
            digits: str = row["result_value"][ordinal * CHUNK_DIGITS :]
        else:
            found = await self._services.database.run(
                lambda connection: find_chunk(connection, row["id"], row["result_attempt"], ordinal)
            )
            if found is None:
                raise ResultCorrupt(row["id"])
            digits = found
        return digits.encode("ascii")


def _write_unsatisfiable(resp: falcon.asgi.Response, representation: Representation) -> None:
    write_problem(
        resp,
        Problem(
            416,
            "range-not-satisfiable",
            "The range lies beyond the result",
            f"The result has {representation.length} digits, counted from 0. "
            "Ask for a range within them.",
            headers={"Content-Range": f"bytes */{representation.length}"},
        ),
    )
    for name in ("ETag", "Repr-Digest"):
        resp.delete_header(name)
