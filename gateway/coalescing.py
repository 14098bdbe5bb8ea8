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
        self._task: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Answer:
        """Return the answer; raise what `answer_all` raised."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._answer(self._next_batch())
        finally:
            self._task = None

    def _next_batch(self) -> list[tuple[Asked, asyncio.Future[Answer]]]:
        batch = [self._waiting.popleft()]
        cost = self._cost(batch[0][0])
        while self._waiting and cost + self._cost(self._waiting[0][0]) <= self._most:
            batch.append(self._waiting.popleft())
            cost += self._cost(batch[-1][0])
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
