"""The message contract: what the relay publishes and the workers consume.

A message is a hint that there is work; PostgreSQL decides whether there is. It carries the
function and the canonical text of the arguments of each calculation, which never change, so that a
quick worker needs no query for them. Its form is Dramatiq's, with one keyword argument, `work`,
that holds our versioned members: the relay publishes without importing an actor, and a worker can
refuse what it does not understand.

Each calculation has these members: `calculation_id`, `function`, `function_version`,
`arguments_text` and `request_id`, which may be null. Version 4 adds two for the logs of workers,
which are left out where there is nothing to say: `key`, the name of the API key that queued the
calculation, and `traceparent`, the trace context of its request. Version 3 does not have them, and
version 2 has the arguments as an object, `arguments`. Earlier relays publish these versions, and so
does ours as long as there are earlier workers, which take nothing newer
(gateway/relay/message_version.py). A worker takes all of them.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dramatiq import Message
from dramatiq.errors import DecodeError

from reckoner.canonical_json import canonical_json
from shared.calculation import Lane, Work, calculation_id
from shared.errors import MessageInvalid

VERSION = 4

#: The version without `key` and `traceparent`. Its workers do not say in their rows what they take.
VERSION_WITHOUT_CONTEXT = 3

#: The version with `arguments` in place of `arguments_text`.
VERSION_OF_OBJECTS = 2


_VERSIONS = (VERSION, VERSION_WITHOUT_CONTEXT, VERSION_OF_OBJECTS)

#: What a calculation may have in version 4, and not in earlier ones.
_CONTEXT = ("key", "traceparent")


def queue_name(lane: Lane) -> str:
    """Return the name of the lane's queue."""
    return f"reckoner.{lane}"


def dead_letter_queue_name(lane: Lane) -> str:
    """Return the name of the queue that keeps the messages this lane's workers refused."""
    return f"{queue_name(lane)}.dead"


def actor_name(lane: Lane) -> str:
    """Return the name of the lane's actor."""
    return f"calculate_{lane}"


def queue_arguments(lane: Lane) -> dict[str, Any]:
    """Return the declaration arguments that publisher and consumer must agree on.

    Quorum queues survive the loss of a node. PostgreSQL decides how often a calculation is tried,
    so the delivery limit, which is 20 by default in RabbitMQ 4, is only a last resort here.
    """
    return {
        "x-queue-type": "quorum",
        "x-delivery-limit": 1_000,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": dead_letter_queue_name(lane),
    }


def dead_letter_queue_arguments() -> dict[str, Any]:
    """Return the declaration arguments of a dead-letter queue, which drops its oldest when full."""
    return {"x-queue-type": "quorum", "x-max-length": 100_000}


def encode(works: Sequence[Work], lane: Lane, version: int = VERSION) -> bytes:
    """Return the body of a message for this lane's actor. The heavy lane takes one calculation."""
    message: Message[None] = Message(
        queue_name=queue_name(lane),
        actor_name=actor_name(lane),
        args=(),
        kwargs={
            "work": {
                "version": version,
                "calculations": [_members(work, version) for work in works],
            }
        },
        options={},
    )
    return message.encode()


def _members(work: Work, version: int) -> dict[str, Any]:
    members: dict[str, Any] = {
        "calculation_id": str(work.calculation_id),
        "function": work.function,
        "function_version": work.function_version,
        "request_id": work.request_id,
    }
    if version == VERSION_OF_OBJECTS:
        members["arguments"] = json.loads(work.arguments_text)
        return members
    members["arguments_text"] = work.arguments_text
    if version >= VERSION:
        # Most have neither, and a longer message costs every one of them.
        if work.key_name is not None:
            members["key"] = work.key_name
        if work.traceparent is not None:
            members["traceparent"] = work.traceparent
    return members


def decode_message(body: bytes, lane: Lane) -> Message[Any]:
    """Return the message in a delivery from this lane's queue.

    Anyone with access to RabbitMQ can put anything into a queue. Dramatiq routes a message by the
    queue and actor names inside it and obeys options such as `eta`, so a message that is not
    exactly of our form must not reach it.

    Raises MessageInvalid.
    """
    try:
        message: Message[Any] = Message.decode(body)
    except DecodeError as error:
        raise MessageInvalid("not a message", body) from error
    kwargs: object = message.kwargs  # of any type: Dramatiq does not check
    if (
        message.queue_name != queue_name(lane)
        or message.actor_name != actor_name(lane)
        or message.args != ()
        or message.options != {}
        or not isinstance(kwargs, dict)
        or kwargs.keys() != {"work"}
    ):
        raise MessageInvalid("not a message for this queue", body)
    return message


def decode_work(members: object) -> list[Work]:
    """Return the work in a message's `work` argument, at least one calculation.

    Raises MessageInvalid for anything but the exact members of the version that we know, and when
    an id does not follow from function and arguments.
    """
    match members:
        case {"version": version, "calculations": [_, *_] as items, **rest} if not rest:
            pass
        case _:
            raise MessageInvalid("the members of `work` are wrong", members)
    if isinstance(version, bool) or version not in _VERSIONS:
        raise MessageInvalid("its version is unknown to this worker", members)
    if version == VERSION_OF_OBJECTS:
        items = [_with_text(item) for item in items]
    return [_decode_one(item, has_context=version == VERSION) for item in items]


def _with_text(members: object) -> object:
    """Return the members of a calculation of version 2 as those of version 3."""
    match members:
        case {"arguments": dict() as arguments, **others} if "arguments_text" not in others:
            pass
        case _:
            raise MessageInvalid("the members of a calculation are wrong", members)
    try:
        return {**others, "arguments_text": canonical_json(arguments)}
    except ValueError as error:  # NaN, or nested too deeply
        raise MessageInvalid("its arguments are not JSON", members) from error


def _decode_one(members: object, *, has_context: bool) -> Work:
    match members:
        case {
            "calculation_id": str(identity),
            "function": str(function),
            "function_version": int(function_version),
            "arguments_text": str(arguments_text),
            "request_id": None | str() as request_id,
            **rest,
        } if not rest or has_context:
            key_name, traceparent = _decode_context(rest) if rest else (None, None)
        case _:
            raise MessageInvalid("the members of a calculation are wrong", members)
    try:
        expected = calculation_id(function, function_version, arguments_text)
    except ValueError as error:
        raise MessageInvalid("half a surrogate pair is no text", members) from error
    if identity != str(expected):
        raise MessageInvalid("calculation_id does not follow from the arguments", members)
    return Work(
        expected, function, function_version, arguments_text, request_id, key_name, traceparent
    )


def _decode_context(members: Mapping[object, object]) -> tuple[str | None, str | None]:
    """Return the key's name and the trace context, each None if it is left out."""
    key_name, traceparent = (members.get(name) for name in _CONTEXT)
    if (
        not members.keys() <= set(_CONTEXT)
        or not isinstance(key_name, str | None)
        or not isinstance(traceparent, str | None)
    ):
        raise MessageInvalid("the members of a calculation are wrong", members)
    return key_name, traceparent
