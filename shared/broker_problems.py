"""Describes why RabbitMQ takes no messages, in sentences that an operator can act upon.

pika's errors are nested, and their texts say little. The descriptions go into the log and into the
relay's row, and from there into readiness and `/system`.
"""

import re
from collections.abc import Iterator

import pika
import pika.exceptions

#: The reply code and text in the name that pika gives to an error of the broker's.
_REPLY = re.compile(r"\((\d{3})\) (['\"])(.*?)\2")

_NOT_ALLOWED = 403
_PRECONDITION_FAILED = 406


def node_name(node: pika.URLParameters) -> str:
    """Return what descriptions call a node."""
    return f"RabbitMQ at {node.host}:{node.port}"


def describe_error(error: BaseException, node: pika.URLParameters) -> str:
    """Describe an error that pika raised for this node, and what to do about it."""
    name = node_name(node)
    causes = list(_causes(error))
    user = getattr(node.credentials, "username", "")
    for cause in causes:
        match cause:
            case (
                pika.exceptions.ProbableAuthenticationError()
                | pika.exceptions.AuthenticationError()
            ):
                return (
                    f"{name} refused the login of {user!r}. "
                    "Check RECKONER_BROKER_URL and RECKONER_BROKER_PASSWORD."
                )
            case pika.exceptions.ProbableAccessDeniedError():
                return (
                    f"{name} refused the virtual host: {_reply(cause)}. "
                    "Check RECKONER_BROKER_URL and the user's permissions."
                )
            case pika.exceptions.ChannelClosedByBroker(reply_code=code) if code == _NOT_ALLOWED:
                return (
                    f"{name} denied {user!r} a permission: {_reply(cause)}. "
                    "Grant configure, write and read, as docs/how-to/use-your-own-rabbitmq.md says."
                )
            case pika.exceptions.ChannelClosedByBroker(reply_code=code) if (
                code == _PRECONDITION_FAILED
            ):
                return (
                    f"{name} has a queue of another type or with other arguments: {_reply(cause)}. "
                    "Delete that queue; nothing is lost, the relay declares and fills it again."
                )
            case pika.exceptions.ConnectionBlockedTimeout():
                return describe_alarm("", node)
            case pika.exceptions.ChannelClosed() | pika.exceptions.ConnectionClosed():
                return f"{name} closed the connection: {_reply(cause)}"
            case pika.exceptions.AMQPHeartbeatTimeout():
                return f"{name} does not answer: no heartbeat came in time"
    return (
        f"{name} cannot be reached: {_plain(causes[-1])}. "
        "Check RECKONER_BROKER_URL and that RabbitMQ runs."
    )


def describe_timeout(node: pika.URLParameters, seconds: float) -> str:
    """Describe a node that does not answer in time."""
    return (
        f"{node_name(node)} did not answer within {seconds:g} s. "
        "Check that it can be reached and is not overloaded, and that its queues have a leader."
    )


def describe_refusal(node: pika.URLParameters, queue: str, missing: int, count: int) -> str:
    """Describe that RabbitMQ refused messages one by one (basic.nack)."""
    return (
        f"{node_name(node)} refused {missing} of {count} messages for the queue {queue} (nack). "
        "Check whether the queue has a maximum length, or members that are down."
    )


def describe_alarm(reason: str, node: pika.URLParameters) -> str:
    """Describe an alarm that blocks publishers; `reason` is RabbitMQ's, such as "low on memory"."""
    kind = " and ".join(kind for kind in ("memory", "disk") if kind in reason) or "memory or disk"
    detail = f" ({reason})" if reason else ""
    return (
        f"{node_name(node)} has a {kind} alarm and takes no messages{detail}. "
        "Give it more memory or disk space, or let workers empty the queues."
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those that it wraps; of several attempts, the last one."""
    current: BaseException | None = error
    while current is not None:
        yield current
        attempts = getattr(current, "exceptions", ())
        inner = attempts[-1] if attempts else getattr(current, "exception", None)
        if inner is None and current.args and isinstance(current.args[0], BaseException):
            inner = current.args[0]
        current = inner


def _reply(error: BaseException) -> str:
    """Return the text of the broker's reply."""
    text = getattr(error, "reply_text", None)
    if text is None:
        found = _REPLY.search(str(error.args[0] if error.args else error).replace("\\", ""))
        text = found[3] if found else str(error)
    return str(text)


def _plain(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
