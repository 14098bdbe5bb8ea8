"""RabbitMQ as the tests see it: depths from its management API, and hands in its queues."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pika

from compose.services import RabbitMQ
from shared.calculation import Lane
from shared.messages import dead_letter_queue_name, queue_name


class QuickToTell(RabbitMQ):
    """A node whose management API is a second behind instead of five."""

    def prepare(self) -> None:
        super().prepare()
        with (self.folder / "rabbitmq.conf").open("a") as configuration:
            configuration.write("collect_statistics_interval = 1000\n")
        # How often queues report their depth, and channels check for late acknowledgements.
        advanced = self.folder / "advanced.config"
        advanced.write_text(
            "[{rabbit, [{quorum_tick_interval, 1000}, {channel_tick_interval, 1000}]}].\n"
        )
        advanced.chmod(0o644)
        (self.folder / "rabbitmq-env.conf").write_text(f"ADVANCED_CONFIG_FILE={advanced}\n")


class Transport:
    """What a test does to queues, and what it reads from them."""

    def __init__(self, server: RabbitMQ) -> None:
        self.server = server
        self._client = httpx.Client(timeout=30)

    def close(self) -> None:
        self._client.close()

    def depths(self) -> dict[str, tuple[int, int]]:
        """Return of each queue how many messages are ready and how many unacknowledged."""
        answer = self._client.get(
            f"{self.server.management_url}/api/queues/%2F",
            auth=self.server.manager,
        )
        answer.raise_for_status()
        return {
            queue["name"]: (
                queue.get("messages_ready", -1),
                queue.get("messages_unacknowledged", -1),
            )
            for queue in answer.json()
        }

    def ready(self, lane: Lane) -> int:
        """Return how many messages no worker holds, as of now."""
        with self.channel() as channel:
            declared = channel.queue_declare(queue_name(lane), passive=True)
            return int(declared.method.message_count)

    def purge(self, lane: Lane) -> int:
        with self.channel() as channel:
            return int(channel.queue_purge(queue_name(lane)).method.message_count)

    def delete(self, lane: Lane) -> None:
        with self.channel() as channel:
            channel.queue_delete(queue_name(lane))

    def publish(self, messages: Iterable[tuple[Lane, bytes]]) -> None:
        with self.channel() as channel:
            for lane, body in messages:
                channel.basic_publish(
                    "", queue_name(lane), body, pika.BasicProperties(delivery_mode=2)
                )

    def set_parameter(self, name: str, milliseconds: int) -> None:
        """Set a parameter of the running node."""
        self.server.control("eval", f"application:set_env(rabbit, {name}, {milliseconds}).")

    @contextmanager
    def channel(self) -> Iterator[Any]:
        connection = pika.BlockingConnection(pika.URLParameters(self.server.url))
        try:
            yield connection.channel()
        finally:
            if connection.is_open:
                connection.close()


WORK_QUEUES = tuple(queue_name(lane) for lane in Lane)
DEAD_QUEUES = tuple(dead_letter_queue_name(lane) for lane in Lane)
