"""The driver of the synchronous client: does what operations yield, and blocks meanwhile."""

import time
from collections.abc import Generator, Iterator, Sequence
from threading import Event, Thread
from typing import Any, TypeVar

import httpx

from reckoner.client.transport.bodies import Body
from reckoner.client.transport.steps import (
    Call,
    Emit,
    Open,
    Read,
    Reply,
    Send,
    Sleep,
    Steps,
    Tell,
    Together,
    Work,
)

T = TypeVar("T")


class Driver:
    """Runs operations with one httpx.Client, which several threads may use."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def run(self, steps: Steps[T]) -> T:
        """Return what an operation returns."""
        running = self._drive(steps)
        try:
            next(running)
        except StopIteration as end:
            value: T = end.value
            return value
        raise AssertionError("An operation that emits items must be iterated over.")

    def iterate(self, steps: Steps[None]) -> Iterator[Any]:
        """Yield what an operation emits."""
        yield from self._drive(steps)

    def _drive(self, steps: Steps[T]) -> Generator[Any, None, T]:
        streams = _Streams(self._http)
        came: Any = None
        failed: BaseException | None = None
        try:
            while True:
                try:
                    step = steps.send(came) if failed is None else steps.throw(failed)
                except StopIteration as end:
                    value: T = end.value
                    return value
                came = failed = None
                if isinstance(step, Emit):
                    yield step.item
                    continue
                try:
                    came = self._do(step, streams)
                except BaseException as error:  # an interrupt too: the operation closes its files
                    failed = error
        finally:
            streams.close()
            steps.close()

    def _do(self, step: object, streams: "_Streams") -> Any:
        match step:
            case Send(call):
                return self._send(call)
            case Open(call):
                return streams.open(call)
            case Read():
                return streams.read()
            case Sleep(seconds):
                return time.sleep(seconds)
            case Work(function):
                return function()
            case Together(operations):
                return self._together(operations)
            case Tell(function, about):
                return function(about)
        raise AssertionError(step)

    def _send(self, call: Call) -> Reply:
        response = self._http.send(request_of(self._http, call), stream=True)
        body = Body(response)
        try:
            for piece in response.iter_bytes():
                body.add(piece)
        finally:
            response.close()
        return body.reply()

    def _together(self, operations: Sequence[Steps[Any]]) -> list[Any]:
        """Carry out operations in threads, and leave those behind that are not needed any more.

        They are daemons, so that an interrupt need not wait for an answer.
        """
        left = Event()
        driver = _LeftBehind(self._http, left)
        threads = [_Thread(driver, steps) for steps in operations]
        try:
            for thread in threads:
                thread.start()
            return [thread.returned() for thread in threads]
        finally:
            left.set()


class _Left(BaseException):
    """Raised in an operation whose result nobody waits for any more."""


class _LeftBehind(Driver):
    """Ends an operation at its next step once the event is set."""

    def __init__(self, http: httpx.Client, left: Event) -> None:
        super().__init__(http)
        self._left = left

    def _do(self, step: object, streams: "_Streams") -> Any:
        if self._left.is_set():
            raise _Left
        return super()._do(step, streams)


class _Thread(Thread):
    """Runs one operation."""

    def __init__(self, driver: Driver, steps: Steps[Any]) -> None:
        super().__init__(name="reckoner-client", daemon=True)
        self._driver = driver
        self._steps = steps
        self._value: Any = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._value = self._driver.run(self._steps)
        except BaseException as error:  # for whoever waits
            self._error = error

    def returned(self) -> Any:
        """Wait until it has ended, and return or raise what came of it."""
        self.join()
        if self._error is not None:
            raise self._error
        return self._value


class _Streams:
    """The one response of an operation that is being read."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._response: httpx.Response | None = None
        self._pieces: Iterator[bytes] = iter(())

    def open(self, call: Call) -> httpx.Response:
        self.close()
        self._response = self._http.send(request_of(self._http, call), stream=True)
        self._pieces = self._response.iter_bytes()
        return self._response

    def read(self) -> bytes | None:
        return next(self._pieces, None)

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None


def request_of(http: httpx.Client | httpx.AsyncClient, call: Call) -> httpx.Request:
    """Return the request of a call."""
    waits = http.timeout
    connect, read = waits.connect, None if waits.read is None else waits.read + call.read_seconds
    if call.longest_silence is not None:
        connect, read = (
            call.longest_silence if seconds is None else min(seconds, call.longest_silence)
            for seconds in (connect, read)
        )
    timeout = httpx.Timeout(connect=connect, read=read, write=waits.write, pool=waits.pool)
    return http.build_request(
        call.method,
        call.path,
        params=call.query or None,
        content=call.body,
        headers=call.headers,
        timeout=timeout,
    )
