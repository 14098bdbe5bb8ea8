"""One connection to a gateway process, and an application on the other side of it."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from gateway.server.protocol import Protocol


@asynccontextmanager
async def connected(app):
    """Serve an application; yield a client's reader and writer."""
    config = Config(app, lifespan="off", ws="none", log_config=None)
    config.load()
    loop = asyncio.get_running_loop()

    def make():
        return Protocol(config, ServerState(), {}, _loop=loop)

    server = await loop.create_server(make, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        yield reader, writer
    finally:
        writer.close()
        server.close()


class Streaming:
    """An application that streams without end, and records how that ends."""

    def __init__(self):
        self.end = None
        self.has_ended = asyncio.Event()

    async def __call__(self, _scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while True:
                await send({"type": "http.response.body", "body": b"9" * 1_000, "more_body": True})
                await asyncio.sleep(0.001)
        except BaseException as error:
            self.end = type(error)
            self.has_ended.set()
            raise


def test_a_response_is_cancelled_when_its_client_disconnects(caplog):
    app = Streaming()

    async def scenario():
        async with connected(app) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await reader.readexactly(1_000)
            writer.close()
            await asyncio.wait_for(app.has_ended.wait(), 10)

    asyncio.run(scenario())
    assert app.end is asyncio.CancelledError
    assert not caplog.records


@pytest.mark.parametrize(
    "request_", [b"FOO / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nA: \x01\r\n\r\n"]
)
def test_a_request_that_is_not_http_gets_a_problem_document(request_):
    async def scenario():
        async with connected(Streaming()) as (reader, writer):
            writer.write(request_)
            return await reader.read()

    head, _, body = asyncio.run(scenario()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"Content-Type: application/problem+json" in head
    assert b"X-Request-ID: " in head
    assert json.loads(body)["type"] == "urn:reckoner:problem:bad-request"


def test_a_body_that_is_not_http_is_refused_and_is_no_error_of_the_application(caplog):
    async def scenario():
        async with connected(Streaming()) as (reader, writer):
            writer.write(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n")
            return await reader.read()

    assert asyncio.run(scenario()).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert [one.levelname for one in caplog.records] == ["WARNING"]
