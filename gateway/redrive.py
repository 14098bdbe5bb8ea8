"""`reckoner redrive`: look at the messages that workers refused, and put them back.

What is in a dead-letter queue is never the only trace of a calculation, since PostgreSQL has the
row and the relay publishes it again. So this is for finding out what was refused, and for giving
it another chance once the cause is mended.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

import pika
import pika.exceptions
from pika.adapters.blocking_connection import BlockingChannel

from shared.calculation import Lane
from shared.config import Settings
from shared.errors import BrokerUnavailable
from shared.messages import dead_letter_queue_name, queue_name

_SHOWN_CHARACTERS = 300


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command line may hold."""
    parser.add_argument("lane", choices=list(Lane), nargs="?", help="only this lane")
    parser.add_argument("--show", action="store_true", help="show them and leave them there")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Show dead letters or put them back; return the exit status. Raises BrokerUnavailable."""
    lanes = [Lane(arguments.lane)] if arguments.lane else list(Lane)
    try:
        connection = pika.BlockingConnection([pika.URLParameters(u) for u in settings.amqp_urls])
    except pika.exceptions.AMQPError as error:
        raise BrokerUnavailable(str(error) or type(error).__name__) from error
    try:
        for lane in lanes:
            channel = connection.channel()
            channel.confirm_delivery()
            count = _show(channel, lane) if arguments.show else _put_back(channel, lane)
            done = "in" if arguments.show else "put back from"
            sys.stdout.write(f"{count} message(s) {done} {dead_letter_queue_name(lane)}\n")
    finally:
        connection.close()
    return 0


def _letters(channel: BlockingChannel, lane: Lane) -> Iterator[tuple[int, Any, bytes]]:
    """Yield what is in the lane's dead-letter queue now: delivery tag, headers, body."""
    name = dead_letter_queue_name(lane)
    try:
        count = channel.queue_declare(name, passive=True).method.message_count
    except pika.exceptions.ChannelClosedByBroker:
        return  # no worker or relay has made it yet, so nothing was refused
    for _ in range(count):
        method, properties, body = channel.basic_get(name)
        if method is None or properties is None or body is None:
            return
        yield method.delivery_tag, properties.headers or {}, body


def _show(channel: BlockingChannel, lane: Lane) -> int:
    count = 0
    for _, headers, body in _letters(channel, lane):
        count += 1
        deaths = headers.get("x-death") or [{}]
        line = {
            "lane": lane,
            "reason": deaths[0].get("reason"),
            "since": str(deaths[0].get("time")),
            "body": body[:_SHOWN_CHARACTERS].decode("utf-8", "replace"),
        }
        sys.stdout.write(json.dumps(line) + "\n")
    if channel.is_open:
        channel.close()  # unacknowledged, all of them return to their queue
    return count


def _put_back(channel: BlockingChannel, lane: Lane) -> int:
    count = 0
    for tag, _, body in _letters(channel, lane):
        channel.basic_publish(
            "",
            queue_name(lane),
            body,
            pika.BasicProperties(delivery_mode=2),  # type: ignore[no-untyped-call]
            mandatory=True,
        )
        channel.basic_ack(tag)  # only once the copy is confirmed
        count += 1
    return count
