"""What of a delivery is let in. Anyone with access to RabbitMQ can put anything into a queue."""

from typing import Any

from dramatiq.errors import DecodeError
from dramatiq.message import Message

from shared import messages
from shared.calculation import Lane
from shared.errors import MessageInvalid


def read_message(body: bytes, lane: Lane) -> Message[Any]:
    """Return the message in a delivery for this lane's actor.

    Dramatiq files messages by the queue and the actor that they name themselves, and heeds options
    like `eta`, so a message that is not exactly of our form must not get as far.

    Raises MessageInvalid.
    """
    try:
        message: Message[Any] = Message.decode(body)
    except DecodeError as error:
        raise MessageInvalid("not a message", body) from error
    kwargs: object = message.kwargs  # of any type: Dramatiq does not check
    if (
        message.queue_name != messages.queue_name(lane)
        or message.actor_name != messages.actor_name(lane)
        or message.args != ()
        or message.options != {}
        or not isinstance(kwargs, dict)
        or kwargs.keys() != {"work"}
    ):
        raise MessageInvalid("not a message for this queue", body)
    return message
