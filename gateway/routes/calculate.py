"""GET /calculate/{n}: a Fibonacci number in one line of text, the oldest way to ask for one."""

import re
from collections.abc import AsyncGenerator

import falcon.asgi

from gateway.http.representation import Answer, Selection
from gateway.routes.calculations import Services
from gateway.routes.results import Result
from shared.calculation import is_final
from shared.errors import ArgumentsInvalid, Fault

_NUMBER = re.compile(r"-?[0-9]{1,30}", re.ASCII)


class Seed:
    """The number if it is there or cheap, else a line that says where to look."""

    def __init__(self, services: Services, result: Result) -> None:
        self._services = services
        self._result = result

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response, n: str) -> None:
        """Submit fibonacci(n) and answer with one line."""
        if not _NUMBER.fullmatch(n):
            raise ArgumentsInvalid([Fault("/n", "must be a whole number of at most 30 digits.")])
        services = self._services
        function = services.planner.registry.get("fibonacci")
        calculation = services.planner.plan(function, {"n": int(n)})
        row = await services.submission.submit(calculation, req.context.request_id)
        path = f"/calculations/{calculation.id}"
        if is_final(row["status"]):
            self._result.check_available(row)
            digits = await self._result.open(row, Selection(Answer.WHOLE, 0, row["result_digits"]))
            beginning = f"fibonacci({int(n)}) = ".encode()
            resp.stream = _line(beginning, digits)
            resp.content_length = len(beginning) + row["result_digits"] + 1
            resp.set_header("Content-Location", path)
        else:
            resp.status = falcon.HTTP_202
            resp.set_header("Location", path)
            resp.set_header("Retry-After", str(services.retry_after.seconds(row)))
            resp.text = f"fibonacci({int(n)}) is {row['status']}; look at {path}\n"
        resp.content_type = "text/plain; charset=us-ascii"
        resp.cache_control = ["no-cache"]


async def _line(beginning: bytes, digits: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes]:
    yield beginning
    async for piece in digits:
        yield piece
    yield b"\n"
