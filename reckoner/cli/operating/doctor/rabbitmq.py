"""RabbitMQ: each node, the queues with their arguments, who consumes them, alarms, dead letters."""

from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pika
import pika.exceptions
from pika.adapters.blocking_connection import BlockingConnection
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPError

from reckoner.cli.operating.doctor.findings import Finding, fault, note, ok, warning
from reckoner.cli.operating.doctor.running import Installation
from shared.broker_problems import describe_alarm, describe_error, node_name
from shared.calculation import Lane
from shared.messages import (
    dead_letter_queue_arguments,
    dead_letter_queue_name,
    queue_arguments,
    queue_name,
)

#: For each step, so that a node that does not answer is told apart from a check that hangs.
_SECONDS = 3.0

#: For what RabbitMQ tells of itself to be read.
_NEWS_SECONDS = 0.1

#: No queue has this name: what is published to it is returned, and so leaves nothing behind.
_NO_QUEUE = "reckoner.doctor"


def check_nodes(installation: Installation) -> Iterator[Finding]:
    """Find which nodes can be reached and take messages; look at the queues on the first."""
    are_queues_seen = False
    for url in installation.settings.amqp_urls:
        node = _parameters(url)
        try:
            connection = BlockingConnection(node)
        except (OSError, AMQPError, AMQPConnectorException) as error:
            yield fault(describe_error(error, node), "Then run this again.")
            continue
        try:
            version = getattr(connection, "_impl").server_properties.get("version", "?")  # noqa: B009
            yield ok(f"{node_name(node)} can be reached, version {_text(version)}.")
            alarm = _alarm(connection)
            if alarm is not None:
                yield fault(describe_alarm(alarm, node), "Then run this again.")
                continue
            yield ok(f"{node_name(node)} takes messages: there is no alarm of memory or disk.")
            if not are_queues_seen:
                yield from _queues(connection, node)
                are_queues_seen = True
        except AMQPError as error:
            yield fault(describe_error(error, node), "Then run this again.")
        finally:
            with suppress(AMQPError):
                connection.close()
        if urlsplit(url).scheme != "amqps":
            yield note(
                f"The connection to {node_name(node)} is not encrypted.",
                "Unless the network between is private, use amqps:// in RECKONER_BROKER_URL.",
            )


def _parameters(url: str) -> pika.URLParameters:
    node = pika.URLParameters(url)
    node.socket_timeout = node.stack_timeout = _SECONDS
    node.blocked_connection_timeout = _SECONDS
    node.connection_attempts = 1
    return node


def _alarm(connection: BlockingConnection) -> str | None:
    """Return RabbitMQ's words for an alarm, which it tells who publishes; None without one."""
    reasons: list[str] = []
    connection.add_on_connection_blocked_callback(
        lambda _connection, frame: reasons.append(_text(frame.method.reason))
    )
    channel = connection.channel()
    channel.confirm_delivery()
    with suppress(pika.exceptions.UnroutableError, pika.exceptions.ConnectionBlockedTimeout):
        channel.basic_publish("", _NO_QUEUE, b"", mandatory=True)
    connection.process_data_events(time_limit=_NEWS_SECONDS)
    return reasons[0] if reasons else None


def _queues(connection: BlockingConnection, node: pika.URLParameters) -> Iterator[Finding]:
    for lane in Lane:
        yield from _queue(connection, node, lane)
        name = dead_letter_queue_name(lane)
        dead = _declared(connection, name)
        if dead is not None and dead.message_count:
            yield warning(
                f"{dead.message_count} message(s) that workers refused are in {name}.",
                "`reckoner redrive --show` shows them. No calculation is lost by it.",
            )
        elif dead is not None:
            yield from _arguments(connection, node, name, dead_letter_queue_arguments())


def _queue(
    connection: BlockingConnection, node: pika.URLParameters, lane: Lane
) -> Iterator[Finding]:
    name = queue_name(lane)
    queue = _declared(connection, name)
    if queue is None:
        yield warning(f"There is no queue {name} yet.", "A relay or a worker makes it: start one.")
        return
    wrong = list(_arguments(connection, node, name, queue_arguments(lane)))
    yield from wrong
    if not wrong:
        yield ok(
            f"The queue {name} has {queue.message_count} message(s) and "
            f"{queue.consumer_count} consumer(s)."
        )
    if queue.message_count and not queue.consumer_count and lane is Lane.QUICK:
        yield fault(
            f"Nobody consumes {name}, where {queue.message_count} message(s) wait.",
            f"Start a {lane} worker; if one runs, its log says why it does not consume.",
        )


def _declared(connection: BlockingConnection, name: str) -> pika.spec.Queue.DeclareOk | None:
    """Return the counts of a queue; None if there is none."""
    try:
        found = connection.channel().queue_declare(name, passive=True).method
    except pika.exceptions.ChannelClosedByBroker as error:
        if error.reply_code == 404:
            return None
        raise
    assert isinstance(found, pika.spec.Queue.DeclareOk)
    return found


def _arguments(
    connection: BlockingConnection,
    node: pika.URLParameters,
    name: str,
    arguments: dict[str, object],
) -> Iterator[Finding]:
    """Declare a queue that is there as it should be, which changes nothing."""
    try:
        connection.channel().queue_declare(name, durable=True, arguments=arguments)
    except pika.exceptions.ChannelClosedByBroker as error:
        yield fault(describe_error(error, node), "Stop relays and workers while you do so.")


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
