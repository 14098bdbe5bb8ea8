"""Stores the bytes of a long result while the next ones are being computed."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

#: Chunks in one transaction: a megabyte. Fewer would wait longer for the disk, and with more the
#: last ones would be stored later.
_BATCH_CHUNKS = 4

#: Concurrent transactions: one sends bytes while the disk confirms the other.
CONCURRENT_WRITES = 2


class ChunkWriter:
    """Writes batches of chunks in threads of its own. Use it in a `with` block.

    It holds one batch more than it writes at once; after that, `add` waits for PostgreSQL.
    """

    def __init__(self, store: Callable[[int, Sequence[bytes]], None]) -> None:
        """`store` stores consecutive chunks, given the ordinal of the first."""
        self._store = store
        self._batch: list[bytes] = []
        self._count = 0
        self._threads = ThreadPoolExecutor(CONCURRENT_WRITES, thread_name_prefix="chunks")
        self._writes: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Nothing may be written after the block has been left.
        self._threads.shutdown()

    def add(self, chunk: bytes) -> None:
        """Add the next chunk. Raises what storing an earlier one raised."""
        self._batch.append(chunk)
        if len(self._batch) == _BATCH_CHUNKS:
            self._submit_batch()

    def finish(self) -> None:
        """Wait until everything is stored. Raises what storing raised."""
        if self._batch:
            self._submit_batch()
        self._wait_until_writing(0)

    def _submit_batch(self) -> None:
        self._wait_until_writing(CONCURRENT_WRITES - 1)
        self._writes.append(self._threads.submit(self._store, self._count, self._batch))
        self._count += len(self._batch)
        self._batch = []

    def _wait_until_writing(self, at_most: int) -> None:
        while len(self._writes) > at_most:
            self._writes.popleft().result()
