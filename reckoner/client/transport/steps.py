"""Operations as generators, which say what is to be done and leave the waiting to their driver.

An operation is written once, and both clients use it: it yields what is to be done, and the driver
does it, blocking or with `await`, and sends back what came of it, or throws in the error. Only the
functions at the end of this file yield such things; an operation writes `reply = yield from
send(call)`, which keeps its types.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import httpx

T = TypeVar("T")

#: A generator of things to be done that returns T. What is sent into it depends on the thing.
Steps: TypeAlias = Generator[Any, Any, T]


@dataclass(frozen=True, slots=True)
class Call:
    """A request: the path below the service's URL, and what belongs to it.

    `read_seconds` is how long the answer may be silent, beyond the client's own time-out, and
    `longest_silence`, in seconds, a limit for both.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    read_seconds: float = 0.0
    longest_silence: float | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A response that was read to its end."""

    status_code: int
    headers: httpx.Headers
    content: bytes


@dataclass(frozen=True, slots=True)
class Send:
    """Send a request; what comes back is its Reply."""

    call: Call


@dataclass(frozen=True, slots=True)
class Open:
    """Send a request; what comes back is the response without its body, which Read reads.

    The driver closes it when the next one is opened, and when the operation ends.
    """

    call: Call


@dataclass(frozen=True, slots=True)
class Read:
    """Read on in the response that is open; what comes back is bytes, or None at its end."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Work:
    """Call what takes long or blocks; the asynchronous driver does it in a thread."""

    function: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Together:
    """Carry out operations at the same time; what comes back is what each returns, in order.

    If some fail, the error of the first of them comes back.
    """

    operations: Sequence[Steps[Any]]


@dataclass(frozen=True, slots=True)
class Tell:
    """Call a function of the user's, which may be a coroutine function for the async client."""

    function: Callable[[Any], Any]
    about: Any


@dataclass(frozen=True, slots=True)
class Emit:
    """Hand an item to whoever iterates over the operation."""

    item: Any


def send(call: Call) -> Steps[Reply]:
    """Send a request and return the whole response."""
    reply: Reply = yield Send(call)
    return reply


def open_stream(call: Call) -> Steps[httpx.Response]:
    """Send a request and return the response, whose body `read` reads."""
    response: httpx.Response = yield Open(call)
    return response


def read() -> Steps[bytes | None]:
    """Return the next bytes of the open response, or None at its end."""
    piece: bytes | None = yield Read()
    return piece


def sleep(seconds: float) -> Steps[None]:
    """Wait."""
    yield Sleep(seconds)


def work(function: Callable[[], T]) -> Steps[T]:
    """Return what a function that takes long returns."""
    result: T = yield Work(function)
    return result


def together(operations: Sequence[Steps[T]]) -> Steps[list[T]]:
    """Return what several operations return that are carried out at the same time."""
    if not operations:
        return []
    returned: list[T] = yield Together(operations)
    return returned


def tell(function: Callable[[T], Any], about: T) -> Steps[None]:
    """Call a function of the user's."""
    yield Tell(function, about)


def emit(item: object) -> Steps[None]:
    """Hand an item to whoever iterates."""
    yield Emit(item)
