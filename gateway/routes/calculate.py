"""/calculate/{n}: GET submits fibonacci(n) and responds with one line of text."""

import re
from collections.abc import AsyncGenerator

import falcon.asgi

from gateway.access.scopes import by_method
from gateway.http.trace_context import read_traceparent
from gateway.routes.result_bytes import ResultBytes
from gateway.submission.plan import Planner
from gateway.submission.submit import Submission
from gateway.waiting.retry_after import RetryAfter
from reckoner.authoring.faults import Fault
from shared.calculation import is_final
from shared.errors import ArgumentsInvalid
from shared.keys.scope import Scope

_NUMBER = re.compile(r"-?[0-9]{1,30}", re.ASCII)


class Calculate:
    """The number if it is stored or cheap, else where it will be."""

    scopes = by_method(GET=Scope.SUBMIT)

    def __init__(
        self,
        planner: Planner,
        submission: Submission,
        retry_after: RetryAfter,
        result_bytes: ResultBytes,
    ) -> None:
        self._planner = planner
        self._submission = submission
        self._retry_after = retry_after
        self._bytes = result_bytes

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, n: str) -> None:
        """Submit fibonacci(n) and respond with one line."""
        if not _NUMBER.fullmatch(n):
            raise ArgumentsInvalid([Fault("/n", "n must be an integer of at most 30 digits.")])
        function = self._planner.registry.get("fibonacci")
        calculation = self._planner.plan(function, {"n": int(n)})
        row = await self._submission.submit(
            calculation, req.context.caller, req.context.request_id, read_traceparent(req)
        )
        path = f"/calculations/{calculation.id}"
        if is_final(row.status):
            self._bytes.check_available(row)
            assert row.length is not None  # by a CHECK of the table
            digits = await self._bytes.open(row, 0, row.length)
            beginning = f"fibonacci({int(n)}) = ".encode()
            resp.stream = _line(beginning, digits)
            resp.content_length = len(beginning) + row.length + 1
            resp.set_header("Content-Location", path)
        else:
            resp.status = falcon.HTTP_202
            resp.set_header("Location", path)
            resp.set_header("Retry-After", str(self._retry_after.seconds(row)))
            resp.text = f"fibonacci({int(n)}) is {row.status}; see {path}\n"
        resp.content_type = "text/plain; charset=us-ascii"
        resp.cache_control = ["no-cache"]


async def _line(beginning: bytes, digits: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes]:
    yield beginning
    async for piece in digits:
        yield piece
    yield b"\n"
