"""Stores the digits of a long result while the next ones are still on their way."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

#: Chunks in one transaction: four megabytes. With one in each, most of the time would go into
#: waiting for the disk to confirm them.
_BATCH_CHUNKS = 16


class ChunkWriter:
    """Writes batches in order, one at a time, in a thread of its own. Use it in a `with` block.

    It holds two batches at most: who adds faster than PostgreSQL takes waits.
    """

    def __init__(self, store: Callable[[dict[int, str]], None]) -> None:
        self._store = store
        self._batch: dict[int, str] = {}
        self._count = 0
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chunks")
        self._stored: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Nothing may be written any more once the block is left.
        self._thread.shutdown()

    def add(self, digits: str) -> None:
        """Take the next chunk.

        Raises what storing an earlier one raised.
        """
        self._batch[self._count] = digits
        self._count += 1
        if len(self._batch) == _BATCH_CHUNKS:
            self._hand_over()

    def finish(self) -> None:
        """Return when all is stored."""
        self._hand_over()
        self._wait()

    def _hand_over(self) -> None:
        self._wait()
        if self._batch:
            self._stored = self._thread.submit(self._store, self._batch)
            self._batch = {}

    def _wait(self) -> None:
        if self._stored is not None:
            self._stored.result()
            self._stored = None
