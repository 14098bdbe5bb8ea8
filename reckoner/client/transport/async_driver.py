"""The driver of the asynchronous client: does what operations yield, with `await`."""

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any, TypeVar

import httpx

from reckoner.client.transport.bodies import Body
from reckoner.client.transport.driver import request_of
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


class AsyncDriver:
    """Runs operations with one httpx.AsyncClient, on asyncio's event loop."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def run(self, steps: Steps[T]) -> T:
        """Return what an operation returns."""
        returned: list[T] = []
        async for _ in self._drive(steps, returned):
            raise AssertionError("An operation that emits items must be iterated over.")
        return returned[0]

    def iterate(self, steps: Steps[None]) -> AsyncIterator[Any]:
        """Yield what an operation emits."""
        return self._drive(steps, [])

    async def _drive(self, steps: Steps[T], returned: list[T]) -> AsyncGenerator[Any, None]:
        """Yield what is emitted; at the end put what is returned into the list."""
        streams = _Streams(self._http)
        came: Any = None
        failed: BaseException | None = None
        try:
            while True:
                try:
                    step = steps.send(came) if failed is None else steps.throw(failed)
                except StopIteration as end:
                    returned.append(end.value)
                    return
                came = failed = None
                if isinstance(step, Emit):
                    yield step.item
                    continue
                try:
                    came = await self._do(step, streams)
                except BaseException as error:  # a cancel too: the operation closes its files
                    failed = error
        finally:
            steps.close()
            await streams.close()

    async def _do(self, step: object, streams: "_Streams") -> Any:
        match step:
            case Send(call):
                return await self._send(call)
            case Open(call):
                return await streams.open(call)
            case Read():
                return await streams.read()
            case Sleep(seconds):
                return await asyncio.sleep(seconds)
            case Work(function):
                return await asyncio.to_thread(function)
            case Together(operations):
                return await self._together(operations)
            case Tell(function, about):
                said = function(about)
                return await said if inspect.isawaitable(said) else said
        raise AssertionError(step)

    async def _send(self, call: Call) -> Reply:
        response = await self._http.send(request_of(self._http, call), stream=True)
        body = Body(response)
        try:
            async for piece in response.aiter_bytes():
                body.add(piece)
        finally:
            await response.aclose()
        return body.reply()

    async def _together(self, operations: Sequence[Steps[Any]]) -> list[Any]:
        """Carry out operations in tasks, and end those that are not needed any more."""
        tasks = [asyncio.create_task(self.run(steps)) for steps in operations]
        try:
            return [await task for task in tasks]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class _Streams:
    """The one response of an operation that is being read."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._response: httpx.Response | None = None
        self._pieces: AsyncIterator[bytes] | None = None

    async def open(self, call: Call) -> httpx.Response:
        await self.close()
        self._response = await self._http.send(request_of(self._http, call), stream=True)
        self._pieces = self._response.aiter_bytes()
        return self._response

    async def read(self) -> bytes | None:
        return None if self._pieces is None else await anext(self._pieces, None)

    async def close(self) -> None:
        if self._response is not None:
            await self._response.aclose()
            self._response = None
