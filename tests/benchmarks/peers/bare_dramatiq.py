"""Dramatiq on RabbitMQ as it comes, the row in PostgreSQL."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker

from tests.benchmarks.peers import table
from tests.benchmarks.peers.work import Work, digits

# https://dramatiq.io/reference.html#dramatiq.brokers.rabbitmq.RabbitmqBroker: `confirm_delivery`
# is off by default, which is faster, and stays off. Middleware and queues (durable, of the classic
# kind) are the defaults too.
broker = RabbitmqBroker(url=os.environ.get("BENCHMARK_BROKER_URL"))
dramatiq.set_broker(broker)

_kept = threading.local()


@dramatiq.actor
def calculate(k: int, n: int) -> None:
    """Compute and finish the row, over this thread's connection."""
    if not hasattr(_kept, "connection"):
        _kept.connection = table.connect()
    table.finish(_kept.connection, k, digits(n))


@dramatiq.actor
def nothing() -> None:
    """Do nothing: the limit of what Dramatiq can consume."""


@contextmanager
def publisher() -> Iterator[Callable[[Sequence[Work]], None]]:
    """Publish messages over one connection, which is kept."""
    broker.declare_queue(calculate.queue_name, ensure=True)

    def publish(works: Sequence[Work]) -> None:
        for work in works:
            broker.enqueue(calculate.message(work.k, work.n))

    yield publish
    broker.close()
