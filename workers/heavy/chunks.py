"""Stores the digits of a long result while the next ones are still on their way."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

#: Chunks in one transaction: a megabyte. With one in each, most of the time would go into waiting
#: for the disk to confirm them; with eight, the last ones are stored later.
_BATCH_CHUNKS = 4

#: Transactions at once: one goes on while the disk confirms the other.
CONCURRENT_WRITES = 2


class ChunkWriter:
    """Writes batches in threads of its own. Use it in a `with` block.

    It holds one batch more than are written at once: who adds faster than PostgreSQL takes waits.
    """

    def __init__(self, store: Callable[[int, Sequence[bytes]], None]) -> None:
        """Take what stores chunks in a row, given the ordinal of the first."""
        self._store = store
        self._batch: list[bytes] = []
        self._count = 0
        self._threads = ThreadPoolExecutor(CONCURRENT_WRITES, thread_name_prefix="chunks")
        self._under_way: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Nothing may be written any more once the block is left.
        self._threads.shutdown()

    def add(self, digits: bytes) -> None:
        """Take the next chunk.

        Raises what storing an earlier one raised.
        """
        self._batch.append(digits)
        if len(self._batch) == _BATCH_CHUNKS:
            self._hand_over()

    def finish(self) -> None:
        """Return when all is stored."""
        if self._batch:
            self._hand_over()
        self._wait_until_under_way(0)

    def _hand_over(self) -> None:
        self._wait_until_under_way(CONCURRENT_WRITES - 1)
        self._under_way.append(self._threads.submit(self._store, self._count, self._batch))
        self._count += len(self._batch)
        self._batch = []

    def _wait_until_under_way(self, most: int) -> None:
        while len(self._under_way) > most:
            self._under_way.popleft().result()
