"""Responses of one form: JSON, and streams that have begun before their headers are set."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, TypeVar

import falcon
import falcon.asgi

from gateway.http.limits import NGINX_CACHE_SECONDS

_NGINX_LIFETIME = str(NGINX_CACHE_SECONDS)

T = TypeVar("T")


def let_nginx_cache(resp: falcon.asgi.Response) -> None:
    """Let NGINX cache this: only for what belongs to a succeeded calculation.

    NGINX removes the header from the response.
    """
    resp.set_header("X-Accel-Expires", _NGINX_LIFETIME)


def write_json(resp: falcon.asgi.Response, content: Any, *, cache: str = "no-store") -> None:
    """Respond with JSON, in ASCII and with a newline at the end, for terminals."""
    write_json_text(resp, json.dumps(content), cache=cache)


def write_json_text(resp: falcon.asgi.Response, text: str, *, cache: str = "no-store") -> None:
    """Respond with JSON that is encoded already, which for a long one is done in a thread."""
    resp.content_type = falcon.MEDIA_JSON
    resp.cache_control = [cache]
    resp.data = text.encode() + b"\n"


async def peek(stream: AsyncGenerator[T, None]) -> tuple[T, AsyncGenerator[T]]:
    """Return the first item of a stream, and the stream from its beginning.

    An error before the first item is raised here, while the response can still be a problem.
    """
    first = await anext(stream)
    return first, _chain(first, stream)


async def _chain(first: T, rest: AsyncGenerator[T, None]) -> AsyncGenerator[T]:
    async with aclosing(rest):
        yield first
        async for item in rest:
            yield item


async def write_events(
    req: falcon.asgi.Request,
    resp: falcon.asgi.Response,
    stream: AsyncGenerator[falcon.asgi.SSEvent | None],
) -> None:
    """Respond with server-sent events, each as soon as there is one; to HEAD with none."""
    resp.cache_control = ["no-store"]
    resp.content_type = "text/event-stream"
    resp.set_header("X-Accel-Buffering", "no")  # for NGINX
    if req.method == "GET":
        resp.sse = stream
    else:
        await stream.aclose()
        resp.stream = empty_stream()


async def empty_stream() -> AsyncGenerator[bytes, None]:
    """Return a body for HEAD that sets no Content-Length, where the real one is not known."""
    return
    yield b""
