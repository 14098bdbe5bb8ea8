"""Many requests, one statement.

What requests ask of PostgreSQL while the last statement is under way goes together in the next.
So nothing ever waits for others to come, and under load a statement, its round trip, its commit
and its thread serve dozens of requests.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from shared.errors import StoreUnavailable

#: A statement that takes longer has the next begin beside it, up to so many: one connection that
#: hangs, or one row that is locked, must not hold up everybody.
_SLOW_SECONDS = 0.05
_MOST_UNDER_WAY = 4

#: While requests come faster than statements end, one begins so long after the last. What a
#: statement costs in all processes does not depend much on how many it is for.
_PACE_SECONDS = 0.005

#: Beyond this, an honest 503 beats a long silence.
_MOST_WAITING = 4_000

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Coalescer(Generic[Asked, Answer]):
    """Hands what is asked to `answer_all` in batches, whose total cost is at most `most`.

    `answer_all` returns an answer for each, in order. One that costs more goes alone.
    """

    def __init__(
        self,
        answer_all: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer]]],
        cost: Callable[[Asked], float],
        most: float,
    ) -> None:
        self._answer_all = answer_all
        self._cost = cost
        self._most = most
        self._waiting: deque[tuple[Asked, asyncio.Future[Answer]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._began = 0.0
        self._is_busy = False

    async def ask(self, asked: Asked) -> Answer:
        """Return the answer; raise what `answer_all` raised, or StoreUnavailable."""
        if len(self._waiting) >= _MOST_WAITING:
            raise StoreUnavailable
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((asked, future))
        is_slow = loop.time() - self._began > _SLOW_SECONDS
        if not self._tasks or (is_slow and len(self._tasks) < _MOST_UNDER_WAY):
            task = asyncio.create_task(self._run())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await future

    async def _run(self) -> None:
        while self._waiting:
            if self._is_busy:
                await self._pace()
            await self._answer(self._next_batch())
        # Before the next request can ask, which would count on this task.
        task = asyncio.current_task()
        assert task is not None
        self._tasks.discard(task)

    async def _pace(self) -> None:
        pause = self._began + _PACE_SECONDS - asyncio.get_running_loop().time()
        if pause > 0:
            await asyncio.sleep(pause)

    def _next_batch(self) -> list[tuple[Asked, asyncio.Future[Answer]]]:
        self._began = asyncio.get_running_loop().time()
        batch = [self._waiting.popleft()]
        cost = self._cost(batch[0][0])
        while self._waiting and cost + self._cost(self._waiting[0][0]) <= self._most:
            batch.append(self._waiting.popleft())
            cost += self._cost(batch[-1][0])
        self._is_busy = len(batch) > 1
        return batch

    async def _answer(self, batch: Sequence[tuple[Asked, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._answer_all([asked for asked, _ in batch])
        except Exception as error:
            if len(batch) > 1 and not isinstance(error, StoreUnavailable):
                # One of them is to blame. The others must not suffer.
                for one in batch:
                    await self._answer([one])
                return
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
        else:
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():  # else its client has gone
                    future.set_result(answer)
