"""The bytes of a stored result as a stream, for the routes that serve them.

No connection is held while a client reads: every chunk is a short transaction of its own, so a slow
reader costs the memory of one chunk.
"""

import hashlib
import logging
import zlib
from collections.abc import AsyncGenerator

from gateway.database.database import Database
from gateway.http.responses import peek
from gateway.server.threads import WatchedThreads
from gateway.waiting.lookup import Lookup
from gateway.waiting.retry_after import RetryAfter
from shared.calculation import Status, is_final
from shared.errors import (
    ResultCorrupt,
    ResultMissing,
    ResultNotFinished,
    ResultPruned,
    StoreUnavailable,
)
from shared.result import CHUNK_BYTES
from shared.store.calculations import Row
from shared.store.results.chunks import find_chunk

_GZIP_LEVEL = 1
_GZIP_WINDOW = 31

_logger = logging.getLogger(__name__)


class ResultBytes:
    """Reads stored results of any kind, and checks them against their SHA-256."""

    def __init__(
        self,
        database: Database,
        threads: WatchedThreads,
        lookup: Lookup,
        retry_after: RetryAfter,
    ) -> None:
        self._database = database
        self._threads = threads
        self._lookup = lookup
        self._retry_after = retry_after

    def check_available(self, row: Row) -> None:
        """Raise ResultUnavailable with the reason if there are no bytes."""
        status = Status(row.status)
        if not is_final(status):
            raise ResultNotFinished(row.id, status, self._retry_after.seconds(row))
        if status is not Status.SUCCEEDED:
            raise ResultMissing(row.id, status, row.error)
        if row.result_pruned_at is not None:
            raise ResultPruned(row.id)

    async def open(
        self, row: Row, first: int, end: int, *, is_gzip: bool = False
    ) -> AsyncGenerator[bytes, None]:
        """Return a stream of the bytes from `first` up to but not including `end`.

        If that is all of them, the last chunk is held back until the SHA-256 of the whole has been
        checked; if it is wrong, the connection is aborted.
        Raises what the first chunk shows: StoreUnavailable, ResultPruned, ResultCorrupt.
        """
        plain = self._read(row, first, end)
        _, stream = await peek(self._compress(plain) if is_gzip else plain)
        return stream

    async def _compress(self, plain: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes]:
        compressor = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
        async for piece in plain:
            compressed = await self._threads.run(
                lambda piece=piece: compressor.compress(piece)  # type: ignore[misc]
            )
            if compressed:
                yield compressed
        yield compressor.flush()

    async def _read(self, row: Row, first: int, end: int) -> AsyncGenerator[bytes, None]:
        is_whole = first == 0 and end == row.length
        digest = hashlib.sha256()
        for ordinal in range(first // CHUNK_BYTES, max(1, -(-end // CHUNK_BYTES))):
            chunk = await self._read_chunk(row, ordinal)
            start = ordinal * CHUNK_BYTES
            is_last = start + CHUNK_BYTES >= end
            digest.update(chunk)
            is_short = not is_last and len(chunk) < CHUNK_BYTES
            if is_short or (is_whole and is_last and digest.hexdigest() != row.result_sha256):
                raise _corrupt(row)
            yield chunk[max(first - start, 0) : end - start]

    async def _read_chunk(self, row: Row, ordinal: int) -> bytes:
        short = row.bytes_in_row
        if short is not None:
            return short[ordinal * CHUNK_BYTES :]
        attempt = row.result_attempt
        assert attempt is not None  # by a CHECK of the table
        found = await self._database.run_autocommit(
            lambda connection: find_chunk(connection, row.id, attempt, ordinal)
        )
        if found is None:
            raise await self._why_missing(row)
        return found

    async def _why_missing(self, row: Row) -> Exception:
        """Return why a chunk is missing: the result was pruned or replaced, or it is damaged."""
        now = await self._lookup.get(row.id)
        self.check_available(now)
        if now.result_attempt != row.result_attempt:
            return StoreUnavailable()  # it was computed again; the next request finds its bytes
        return _corrupt(row)


def _corrupt(row: Row) -> ResultCorrupt:
    error = ResultCorrupt(row.id)
    _logger.critical("%s", error, extra={"calculation_id": row.id})
    return error
