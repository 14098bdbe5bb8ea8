"""The message contract: what the relay publishes and the workers consume.

A message is a hint that calculations may want work. Whether they do, PostgreSQL says. The
message carries their identities, which never change, so that a quick worker need not ask for
them. Its form is Dramatiq's, with one keyword argument that holds our versioned members:
publishing needs no actor, and a worker can refuse what it does not understand.
"""

from collections.abc import Sequence
from typing import Any

from dramatiq import Message

from shared.calculation import Lane, Work, calculation_id
from shared.errors import MessageInvalid

VERSION = 2


def queue_name(lane: Lane) -> str:
    """Return the name of the lane's queue."""
    return f"reckoner.{lane}"


def dead_letter_queue_name(lane: Lane) -> str:
    """Return the name of the queue that keeps what this lane's workers refused."""
    return f"{queue_name(lane)}.dead"


def actor_name(lane: Lane) -> str:
    """Return the name of the lane's actor."""
    return f"calculate_{lane}"


def queue_arguments(lane: Lane) -> dict[str, Any]:
    """Return the declaration arguments that publisher and consumer must agree on.

    Quorum queues survive the loss of a node. RabbitMQ 4 would dead-letter after 20 redeliveries
    by default; how often a calculation may be tried is PostgreSQL's to say, so the limit here
    only stops a loop that nothing else stops.
    """
    return {
        "x-queue-type": "quorum",
        "x-delivery-limit": 1_000,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": dead_letter_queue_name(lane),
    }


def dead_letter_queue_arguments() -> dict[str, Any]:
    """Return the declaration arguments of a dead-letter queue: kept, but not without end."""
    return {"x-queue-type": "quorum", "x-max-length": 100_000}


def encode(works: Sequence[Work], lane: Lane) -> bytes:
    """Return the body of a message for this lane's actor; a heavy one is of one calculation."""
    message: Message[None] = Message(
        queue_name=queue_name(lane),
        actor_name=actor_name(lane),
        args=(),
        kwargs={
            "work": {
                "version": VERSION,
                "calculations": [
                    {
                        "calculation_id": str(work.calculation_id),
                        "function": work.function,
                        "function_version": work.function_version,
                        "arguments": work.arguments,
                        "request_id": work.request_id,
                    }
                    for work in works
                ],
            }
        },
        options={},
    )
    return message.encode()


def decode(members: object) -> list[Work]:
    """Return the work that a message's `work` argument names, at least one calculation.

    Raises MessageInvalid for anything but the exact members of a version that we know, and when
    an id is not the one that follows from function and arguments.
    """
    match members:
        case {"version": version, "calculations": [_, *_] as items, **rest} if not rest:
            pass
        case _:
            raise MessageInvalid("not the members of a work message", members)
    if version != VERSION or isinstance(version, bool):
        raise MessageInvalid("a version that this worker does not know", members)
    return [_decode_one(item) for item in items]


def _decode_one(members: object) -> Work:
    match members:
        case {
            "calculation_id": str(identity),
            "function": str(function),
            "function_version": int(function_version),
            "arguments": dict() as arguments,
            "request_id": None | str() as request_id,
            **rest,
        } if not rest:
            pass
        case _:
            raise MessageInvalid("not the members of a calculation", members)
    try:
        expected = calculation_id(function, function_version, arguments)
    except (ValueError, RecursionError) as error:  # no JSON: NaN, a lone surrogate
        raise MessageInvalid("arguments that no calculation has", members) from error
    if identity != str(expected):
        raise MessageInvalid("calculation_id does not follow from the arguments", members)
    return Work(expected, function, function_version, arguments, request_id)
