"""Celery on RabbitMQ, the row in PostgreSQL, acknowledged after the work is done."""

import functools
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import psycopg2.extensions
from celery import Celery

from tests.benchmarks.peers import table
from tests.benchmarks.peers.work import Work, digits

app = Celery("celery_rabbitmq", broker=os.environ.get("BENCHMARK_BROKER_URL"))
app.conf.update(
    # https://docs.celeryq.dev/en/stable/userguide/configuration.html#task-acks-late: acknowledged
    # after the task, not before it. Without it a worker that dies loses what it had.
    task_acks_late=True,
    # https://docs.celeryq.dev/en/stable/userguide/optimizing.html#prefetch-limits: with many
    # short tasks "this number should be large"; "values like 50 or 150 might make sense in
    # these circumstances. Say 64, or 128". Of the last two, 64 took less processor time here.
    worker_prefetch_multiplier=64,
    # https://docs.celeryq.dev/en/stable/userguide/tasks.html#ignore-results-you-don-t-want: the
    # row is the result, and "storing results wastes time and resources".
    task_ignore_result=True,
    # https://docs.celeryq.dev/en/stable/userguide/optimizing.html#librabbitmq names a client in
    # C. It does not build on the Python versions that Reckoner supports, so this is py-amqp.
    # The queue stays durable and of the classic kind, as it comes: quorum queues are slower.
)


@functools.cache
def _connection() -> psycopg2.extensions.connection:
    """Return the process's connection, made after the fork."""
    return table.connect()


@app.task
def calculate(k: int, n: int) -> None:
    """Compute and finish the row."""
    table.finish(_connection(), k, digits(n))


@contextmanager
def publisher() -> Iterator[Callable[[Sequence[Work]], None]]:
    """Publish tasks over one connection and one producer, which are kept."""
    with app.producer_pool.acquire(block=True) as producer:
        producer.connection.ensure_connection()

        def publish(works: Sequence[Work]) -> None:
            for work in works:
                calculate.apply_async((work.k, work.n), producer=producer)

        yield publish
