"""The events of a calculation: a stream that is taken up again when it breaks."""

import time
from collections.abc import Iterator

from reckoner.client.documents.calculation import Calculation
from reckoner.client.errors import ProblemResponse, ServiceUnreachable
from reckoner.client.operations.service import Named, Service, path_of
from reckoner.client.transport.answers import BrokenAnswer
from reckoner.client.transport.exchange import (
    CONNECTION_ERRORS,
    Answer,
    Attempts,
    unreachable,
    with_request_id,
)
from reckoner.client.transport.steps import Call, Steps, emit, read
from reckoner.client.transport.streams import RefusedStream, open_for_reading
from reckoner.client.values.json_text import read_json

#: A stream that has lasted so long was a good one, even if nothing has changed in it.
_LASTED_SECONDS = 5.0


def events(service: Service, calculation: Named) -> Steps[None]:
    """Emit a calculation as it is, then at every change, until it is final."""
    call = with_request_id(
        Call("GET", path_of(calculation, "events"), headers={"Accept": "text/event-stream"})
    )
    attempts = Attempts(service.retries)
    shown: Calculation | None = None
    while True:
        retry_after, began = None, time.monotonic()
        try:
            yield from open_for_reading(service.url, call, "text/event-stream")
            parser = EventParser()
            while (piece := (yield from read())) is not None:
                for text in parser.feed(piece):
                    found = _calculation(service, text)
                    if found != shown:
                        attempts.begin_again()
                        yield from emit(found)
                    shown = found
                    if found.is_final:
                        return
            failure: ServiceUnreachable | ProblemResponse = ServiceUnreachable(
                f"{service.url} ended the events before the calculation was final. Try again."
            )
        except (*CONNECTION_ERRORS, BrokenAnswer) as error:
            failure = unreachable(service.url, error)
        except RefusedStream as refused:
            if not refused.may_pass:
                raise refused.failure from None
            failure, retry_after = refused.failure, refused.retry_after
        if time.monotonic() - began >= _LASTED_SECONDS:
            attempts.begin_again()
        yield from attempts.pause(failure, retry_after)


class EventParser:
    """Finds the data of events in a stream (HTML standard, 9.2), whatever its pieces."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Yield the data of the events that are complete with this piece."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            line = line.removesuffix(b"\r")
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
