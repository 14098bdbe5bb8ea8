"""`reckoner redrive`: show the messages that workers rejected, or put them back.

A dead letter is never the only trace of a calculation: PostgreSQL has its row, and the relay
publishes it again. So this is for finding out what was rejected, and for another try once the
cause is removed.
"""

import json
import sys
from collections.abc import Sequence

import click
from pika.adapters.blocking_connection import BlockingConnection

from shared.calculation import Lane
from shared.config import Settings
from shared.dead_letters import connected_to_broker, put_back, read_dead_letters
from shared.errors import BrokerUnavailable
from shared.messages import dead_letter_queue_name
from shared.startup import load_settings_or_exit

_SHOWN_CHARACTERS = 300


@click.command("redrive")
@click.argument("lane", type=click.Choice([str(lane) for lane in Lane]), required=False)
@click.option("--show", is_flag=True, help="Print the messages as JSON lines and leave them.")
def command(lane: str | None, show: bool) -> None:
    """Put messages that workers rejected back into their queues, or show them.

    The messages of the dead-letter queues go back into the queues that they came from, of LANE or
    of both lanes, so that workers try them again. Workers reject what they do not understand, such
    as a message of a newer version.
    """
    try:
        redrive(load_settings_or_exit(), [Lane(lane)] if lane else list(Lane), is_shown=show)
    except BrokerUnavailable as error:
        click.echo(str(error), err=True)
        sys.exit(1)


def redrive(settings: Settings, lanes: Sequence[Lane], *, is_shown: bool) -> None:
    """Put the lanes' dead letters back, or show them.

    Raises BrokerUnavailable. What was not put back by then is still in its dead-letter queue.
    """
    with connected_to_broker(settings.amqp_urls) as connection:
        for lane in lanes:
            count = _show(connection, lane) if is_shown else put_back(connection, lane)
            done = "in" if is_shown else "put back from"
            # Beside messages, standard output has nothing else.
            click.echo(f"{count} message(s) {done} {dead_letter_queue_name(lane)}", err=is_shown)


def _show(connection: BlockingConnection, lane: Lane) -> int:
    channel = connection.channel()
    count = 0
    for _, headers, body in read_dead_letters(channel, lane):
        count += 1
        rejections = headers.get("x-death") or [{}]
        line = {
            "lane": lane,
            "reason": rejections[0].get("reason"),
            "since": str(rejections[0].get("time")),
            "body": body[:_SHOWN_CHARACTERS].decode("utf-8", "replace"),
        }
        sys.stdout.write(json.dumps(line) + "\n")
    if channel.is_open:
        channel.close()  # none was acknowledged, so all return to their queue
    return count
