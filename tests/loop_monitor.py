"""How long an event loop is held, in processor time of its thread.

Processor time, because the wall clock of a busy machine says more about the machine.
"""

import asyncio
import gc
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")

_BEAT_SECONDS = 0.0005


async def held_while(work: Coroutine[Any, Any, T]) -> tuple[T, float]:
    """Do the work; return its result and the most that lay between two beats of another task."""
    task = asyncio.create_task(work)
    longest = 0.0
    last = time.thread_time()
    while not task.done():
        await asyncio.sleep(_BEAT_SECONDS)
        now = time.thread_time()
        longest = max(longest, now - last)
        last = now
    return await task, longest


@contextmanager
def no_collections() -> Iterator[None]:
    """Have Python not look for cycles among all that the tests have made so far.

    The gateway spares itself that as well.
    """
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def unit_seconds() -> float:
    """Return the processor time of a fixed piece of Python, near half a millisecond."""
    best = 1.0
    for _ in range(10):
        began = time.thread_time()
        sum(number & 3 for number in range(20_000))
        best = min(best, time.thread_time() - began)
    return best
