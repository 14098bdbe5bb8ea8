"""Many requests, one statement.

What requests need from PostgreSQL while a statement is under way shares the next one. A request
that comes alone waits for nobody. Under load there is a pause between statements, so that one,
with its round trip and its commit, serves dozens of requests.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from shared.errors import StoreUnavailable

#: While a statement takes longer than this, another may begin beside it, up to a limit: one
#: connection that hangs, or one locked row, must not hold up all others.
_SLOW_SECONDS = 0.05
_MAX_STATEMENTS = 4

#: The pause after a statement began: this long for each item of its batch, up to a limit. Up to one
#: or two thousand requests a second, few wait; beyond that, each statement serves more of them.
_PAUSE_SECONDS = 0.0005
_MAX_PAUSE_SECONDS = 0.007

#: Items that may wait. Beyond this, a 503 at once is better than a late answer.
_MAX_WAITING = 4_000

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batcher(Generic[Item, Result]):
    """Executes items in batches that cost at most `max_cost` each.

    `execute_batch` returns a result for each item, in order. An item that costs more goes alone.
    """

    def __init__(
        self,
        execute_batch: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        cost: Callable[[Item], float],
        max_cost: float,
    ) -> None:
        self._execute_batch = execute_batch
        self._cost = cost
        self._max_cost = max_cost
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._began = 0.0
        self._pause_seconds = 0.0

    async def execute(self, item: Item) -> Result:
        """Return the item's result. Raises what `execute_batch` raised, or StoreUnavailable."""
        if len(self._waiting) >= _MAX_WAITING:
            raise StoreUnavailable
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, future))
        is_slow = loop.time() - self._began > _SLOW_SECONDS
        if not self._tasks or (is_slow and len(self._tasks) < _MAX_STATEMENTS):
            task = asyncio.create_task(self._run())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await future

    async def _run(self) -> None:
        while self._waiting:
            await self._pause()
            if self._waiting:  # else another task has taken them during the pause
                await self._settle(self._next_batch())
        # The callback comes later, and a request in between would rely on this task.
        task = asyncio.current_task()
        assert task is not None
        self._tasks.discard(task)

    async def _pause(self) -> None:
        if self._pause_seconds:
            left = self._began + self._pause_seconds - asyncio.get_running_loop().time()
            if left > 0:
                await asyncio.sleep(left)

    def _next_batch(self) -> list[tuple[Item, asyncio.Future[Result]]]:
        self._began = asyncio.get_running_loop().time()
        batch = [self._waiting.popleft()]
        cost = self._cost(batch[0][0])
        while self._waiting and cost + self._cost(self._waiting[0][0]) <= self._max_cost:
            batch.append(self._waiting.popleft())
            cost += self._cost(batch[-1][0])
        is_alone = len(batch) == 1
        self._pause_seconds = (
            0.0 if is_alone else min(_MAX_PAUSE_SECONDS, _PAUSE_SECONDS * len(batch))
        )
        return batch

    async def _settle(self, batch: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        """Execute a batch; give each of its futures a result or an exception."""
        try:
            results = await self._execute_batch([item for item, _ in batch])
        except Exception as error:
            if len(batch) > 1 and not isinstance(error, StoreUnavailable):
                # One of the items caused it. Executed alone, the others succeed.
                for one in batch:
                    await self._settle([one])
                return
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
        else:
            for (_, future), result in zip(batch, results, strict=True):
                if not future.done():  # else its client has disconnected
                    future.set_result(result)
