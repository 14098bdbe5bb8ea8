"""A limit on how many messages a lane's queue takes, after which RabbitMQ refuses them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from compose.services import RabbitMQ
from shared.calculation import Lane
from shared.messages import queue_name

LIMIT = 5


@contextmanager
def queue_limit(rabbitmq: RabbitMQ, broker_url: str, lane: Lane) -> Iterator[Callable[[], object]]:
    """Have a lane's queue refuse what is beyond LIMIT messages; give what ends that."""
    vhost = broker_url.rpartition("/")[2]
    address = f"{rabbitmq.management_url}/api/policies/{vhost}/limit"
    limit = {
        "pattern": f"^{queue_name(lane)}$",
        "apply-to": "queues",
        "definition": {"max-length": LIMIT, "overflow": "reject-publish"},
    }
    with httpx.Client(auth=rabbitmq.manager, timeout=30) as client:
        client.put(address, json=limit).raise_for_status()
        yield lambda: client.delete(address).raise_for_status()
