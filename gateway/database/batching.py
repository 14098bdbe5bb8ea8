"""Many requests, one statement.

What requests ask of PostgreSQL while the last statement is under way goes together in the next.
What asks alone waits for nobody. Under load statements keep a distance, and one, with its round
trip, its commit and its thread, serves dozens of requests.
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

#: Between two statements there is so much time for each request that the last was for, up to a
#: limit. So at one or two thousand a second and less, few wait; beyond it, a statement serves ever
#: more, and what it costs in all processes does not depend much on how many.
_PACE_SECONDS = 0.0005
_LONGEST_PACE_SECONDS = 0.007

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
        self._pace_seconds = 0.0

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
            await self._pace()
            if self._waiting:  # else another task has taken them meanwhile
                await self._answer(self._next_batch())
        # Before the next request can ask, which would count on this task.
        task = asyncio.current_task()
        assert task is not None
        self._tasks.discard(task)

    async def _pace(self) -> None:
        if self._pace_seconds:
            pause = self._began + self._pace_seconds - asyncio.get_running_loop().time()
            if pause > 0:
                await asyncio.sleep(pause)

    def _next_batch(self) -> list[tuple[Asked, asyncio.Future[Answer]]]:
        self._began = asyncio.get_running_loop().time()
        batch = [self._waiting.popleft()]
        cost = self._cost(batch[0][0])
        while self._waiting and cost + self._cost(self._waiting[0][0]) <= self._most:
            batch.append(self._waiting.popleft())
            cost += self._cost(batch[-1][0])
        is_alone = len(batch) == 1
        self._pace_seconds = (
            0.0 if is_alone else min(_LONGEST_PACE_SECONDS, _PACE_SECONDS * len(batch))
        )
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
