"""Procrastinate: tasks and rows in the same PostgreSQL."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.types import JSONDict
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from tests.benchmarks.peers import table
from tests.benchmarks.peers.lineup import PROCRASTINATE_CONCURRENCY
from tests.benchmarks.peers.work import Work, digits

_ADDRESS = os.environ.get("BENCHMARK_DATABASE_URL", "")


def _make_pool(**options: Any) -> AsyncConnectionPool[AsyncConnection]:
    """Make the pool of Procrastinate's own statements, without health checks of connections.

    As it comes, each use of a connection begins with one more round trip to see whether the
    connection is alive. Reckoner does without, so its peer may: it takes less processor time.
    That a factory can be given is documented:
    https://procrastinate.readthedocs.io/en/stable/reference.html#procrastinate.PsycopgConnector
    """
    return AsyncConnectionPool(**{**options, "check": None})


app = App(
    connector=PsycopgConnector(
        conninfo=_ADDRESS,
        pool_factory=_make_pool,
        # A connection for each task that is fetched or finished, and one that listens.
        min_size=PROCRASTINATE_CONCURRENCY + 1,
        max_size=PROCRASTINATE_CONCURRENCY + 1,
    )
)
_pool: AsyncConnectionPool[AsyncConnection] | None = None


async def _connections() -> AsyncConnectionPool[AsyncConnection]:
    """Return the kept connections for the UPDATEs, which commit themselves."""
    global _pool
    if _pool is None:
        _pool = AsyncConnectionPool(
            _ADDRESS,
            min_size=2,
            max_size=PROCRASTINATE_CONCURRENCY,
            kwargs={"autocommit": True},
            open=False,
        )
        await _pool.open()
    return _pool


# docs/howto/concurrency.md in Procrastinate's repository: to run several at once
# in a process is for asynchronous tasks. Threads, for other tasks, would cost more.
@app.task
async def calculate(k: int, n: int) -> None:
    """Compute and finish the row."""
    found = digits(n)
    connections = await _connections()
    async with connections.connection() as connection:
        await connection.execute(table.FINISH, (found, k))


@contextmanager
def publisher() -> Iterator[Callable[[Sequence[Work]], None]]:
    """Defer many with one statement.

    https://procrastinate.readthedocs.io/en/stable/howto/basics/batch_defer.html: it "can be more
    efficient than deferring them one by one".
    """
    with app.open():

        def publish(works: Sequence[Work]) -> None:
            arguments: list[JSONDict] = [{"k": work.k, "n": work.n} for work in works]
            calculate.batch_defer(*arguments)

        yield publish
