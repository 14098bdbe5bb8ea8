"""The events of a calculation: a stream that is taken up again when it breaks."""

import time
from collections.abc import Iterator
from dataclasses import replace

from reckoner.client.documents.calculation import Calculation
from reckoner.client.errors import ProblemResponse, ServiceUnreachable, WaitTimeout
from reckoner.client.operations.service import Named, Service, path_of
from reckoner.client.operations.waiting import Deadline
from reckoner.client.transport.answers import BrokenAnswer
from reckoner.client.transport.exchange import (
    CONNECTION_ERRORS,
    GRACE_SECONDS,
    Answer,
    Attempts,
    unreachable,
    with_request_id,
)
from reckoner.client.transport.steps import Call, Steps, emit, read
from reckoner.client.transport.streams import RefusedStream, open_for_reading
from reckoner.client.values.json_text import read_json

#: A stream in which something came so late was a good one, even if nothing has changed in it.
_LASTED_SECONDS = 5.0


#: The service is never silent for longer, as it sends heartbeats.
_HEARTBEAT_SECONDS = 12.0

#: So much later than the deadline, a stream that is silent is left.
_LATE_SECONDS = 0.5


def events(service: Service, calculation: Named, timeout: float | None = None) -> Steps[None]:
    """Emit a calculation as it is, then at every change, until it is final. Raises WaitTimeout."""
    deadline = Deadline(timeout)
    call = with_request_id(
        Call("GET", path_of(calculation, "events"), headers={"Accept": "text/event-stream"})
    )
    attempts = Attempts(service.retries, timeout)
    shown: Calculation | None = None
    while True:
        if shown is not None and deadline.left == 0.0:
            raise WaitTimeout(shown)
        retry_after, silence = None, deadline.left
        began = heard = time.monotonic()
        try:
            opened = call
            if silence is not None:
                grace = GRACE_SECONDS if shown is None else _LATE_SECONDS
                opened = replace(call, longest_silence=silence + grace)
            yield from open_for_reading(service.url, opened, "text/event-stream")
            parser = EventParser()
            while (piece := (yield from read())) is not None:
                heard = time.monotonic()
                for text in parser.feed(piece):
                    found = _calculation(service, text)
                    if found != shown:
                        attempts.begin_again()
                        yield from emit(found)
                    shown = found
                    if found.is_final:
                        return
                if _is_too_patient(silence, deadline):
                    break
            if piece is not None:
                continue
            failure: ServiceUnreachable | ProblemResponse = ServiceUnreachable(
                f"{service.url} ended the events before the calculation was final. Try again."
            )
        except (*CONNECTION_ERRORS, BrokenAnswer) as error:
            failure = unreachable(service.url, error)
        except RefusedStream as refused:
            if not refused.may_pass:
                raise refused.failure from None
            failure, retry_after = refused.failure, refused.retry_after
        if heard - began >= _LASTED_SECONDS:
            attempts.begin_again()
        if shown is None or deadline.left != 0.0:
            yield from attempts.pause(failure, retry_after)


def _is_too_patient(silence: float | None, deadline: Deadline) -> bool:
    """Whether a stream that may be silent for so long may outlast the deadline by seconds."""
    left = deadline.left
    return silence is not None and left is not None and left <= min(silence / 2, _HEARTBEAT_SECONDS)


#: The document of a calculation is a small part of it.
_MAX_EVENT_BYTES = 16 * 1024 * 1024


class EventParser:
    """Finds the data of events in a stream (HTML standard, 9.2), whatever its pieces."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []
        self._length = 0

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Yield the data of the events that are complete with this piece. Raises BrokenAnswer."""
        self._length += len(piece)
        if self._length > _MAX_EVENT_BYTES:
            raise BrokenAnswer("An event is longer than a document of Reckoner can be.")
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            line = line.removesuffix(b"\r")
            if not line:
                self._length = len(self._rest)
            if not line and self._data:
                yield b"\n".join(self._data)
                self._data = []
            elif line.startswith(b"data:"):
                self._data.append(line[5:].removeprefix(b" "))


def _calculation(service: Service, text: bytes) -> Calculation:
    try:
        document = read_json(text)
    except (ValueError, RecursionError) as error:
        raise BrokenAnswer(f"{service.url} sent an event that is not complete.") from error
    return service.calculation(Answer(200, document, None))
