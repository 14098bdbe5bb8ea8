"""Celery on RabbitMQ with its own result backend on PostgreSQL, as its users keep results."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from celery import Celery

from tests.benchmarks.peers.millisecond import digests
from tests.benchmarks.peers.work import Work

app = Celery("celery_results", broker=os.environ.get("BENCHMARK_BROKER_URL"))
app.conf.update(
    # As in celery_rabbitmq.py, with its reasons.
    task_acks_late=True,
    worker_prefetch_multiplier=64,
    # https://docs.celeryq.dev/en/stable/userguide/configuration.html#database-url-examples.
    # Each process keeps its connections after the fork, as it comes.
    result_backend=f"db+{os.environ.get('BENCHMARK_SQLALCHEMY_URL')}",
)

#: Celery's own table, one row for each task.
STORED = "SELECT count(*) FROM celery_taskmeta WHERE status = 'SUCCESS'"
RESULTS = "SELECT result FROM celery_taskmeta WHERE status = 'SUCCESS'"


@app.task
def calculate(k: int) -> dict[str, str]:
    """Return the result, which Celery stores."""
    return digests(k)


@contextmanager
def publisher() -> Iterator[Callable[[Sequence[Work]], None]]:
    """Publish tasks over one connection and one producer, which are kept."""
    with app.producer_pool.acquire(block=True) as producer:
        producer.connection.ensure_connection()

        def publish(works: Sequence[Work]) -> None:
            for work in works:
                calculate.apply_async((work.k,), producer=producer)

        yield publish
