"""Publishing to RabbitMQ as fast as pika goes: persistent, confirmed, a batch at a time."""

import time
from typing import Any

import pika
import pika.channel

_QUEUE = "publishing"
_BATCH = 500
_CONFIRM_SECONDS = 30
_PERSISTENT = pika.BasicProperties(delivery_mode=2, content_type="application/json")

#: About as long as a message of Reckoner.
_BODY = b"x" * 420


class _Publishing:
    """Publishes a batch, awaits the confirm of each, and continues with the next."""

    def __init__(self, broker_url: str, seconds: float) -> None:
        self._seconds = seconds
        self._next_tag = 1
        self._confirmed_below = 1
        self._confirmed_early: set[int] = set()
        self._began = 0.0
        self.rate = 0.0
        self.failure = ""
        self._connection = pika.SelectConnection(
            pika.URLParameters(broker_url),
            on_open_callback=self._on_connected,
            on_open_error_callback=self._on_closed,
            on_close_callback=self._on_closed,
        )

    def run(self) -> None:
        """Return when the time is over."""
        self._connection.ioloop.start()

    def _on_connected(self, connection: Any) -> None:
        connection.channel(on_open_callback=self._declare)

    def _declare(self, channel: pika.channel.Channel) -> None:
        self._channel = channel
        channel.queue_declare(
            _QUEUE,
            durable=True,
            arguments={"x-queue-type": "quorum"},
            callback=lambda _: channel.confirm_delivery(
                self._on_confirm, callback=lambda _: self._begin()
            ),
        )

    def _begin(self) -> None:
        self._began = time.monotonic()
        self._connection.ioloop.call_later(self._seconds + _CONFIRM_SECONDS, self._give_up)
        self._publish()

    def _give_up(self) -> None:
        self.failure = "RabbitMQ did not confirm"
        self._connection.ioloop.stop()

    def _publish(self) -> None:
        for _ in range(_BATCH):
            self._channel.basic_publish("", _QUEUE, _BODY, _PERSISTENT, mandatory=True)
        self._next_tag += _BATCH

    def _on_confirm(self, frame: Any) -> None:
        tag = frame.method.delivery_tag
        if not isinstance(frame.method, pika.spec.Basic.Ack):
            self.failure = "RabbitMQ refused a message"
            self._connection.close()
            return
        if frame.method.multiple:
            self._confirmed_below = max(self._confirmed_below, tag + 1)
        else:
            self._confirmed_early.add(tag)
        while self._confirmed_below in self._confirmed_early:
            self._confirmed_early.remove(self._confirmed_below)
            self._confirmed_below += 1
        if self._confirmed_below == self._next_tag:
            self._confirmed_early.clear()
            self._go_on()

    def _go_on(self) -> None:
        seconds = time.monotonic() - self._began
        if seconds < self._seconds:
            self._publish()
        else:
            self.rate = (self._next_tag - 1) / seconds
            self._connection.close()

    def _on_closed(self, connection: Any, reason: Any) -> None:
        self.failure = self.failure or ("" if self.rate else str(reason))
        connection.ioloop.stop()


def published_per_second(broker_url: str, seconds: float) -> float:
    """Publish for this time; return confirmed messages per second. Raises RuntimeError."""
    publishing = _Publishing(broker_url, seconds)
    publishing.run()
    if publishing.failure:
        raise RuntimeError(publishing.failure)
    return publishing.rate
