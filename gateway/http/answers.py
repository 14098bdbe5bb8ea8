"""Answers of one form: JSON, and streams that have begun before their headers are set."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, TypeVar

import falcon
import falcon.asgi

#: How long NGINX may answer from its cache what never changes, in seconds. Clients do not see it.
_CACHE_SECONDS = "3600"

T = TypeVar("T")


def let_nginx_cache(resp: falcon.asgi.Response) -> None:
    """Say that this answer stays right: only for what belongs to a succeeded calculation."""
    resp.set_header("X-Accel-Expires", _CACHE_SECONDS)


def write_json(resp: falcon.asgi.Response, answer: Any, *, cache: str = "no-store") -> None:
    """Answer with this, in ASCII and with a line's end for those who read it in a terminal."""
    write_json_text(resp, json.dumps(answer), cache=cache)


def write_json_text(resp: falcon.asgi.Response, text: str, *, cache: str = "no-store") -> None:
    """Do the same with JSON that is written already: a long one, in a thread."""
    resp.content_type = falcon.MEDIA_JSON
    resp.cache_control = [cache]
    resp.data = text.encode() + b"\n"


async def begun(stream: AsyncGenerator[T, None]) -> tuple[T, AsyncGenerator[T]]:
    """Return the first piece of a stream, and the stream from its beginning.

    What goes wrong before the first piece is raised here: while the answer can still be a problem.
    """
    first = await anext(stream)
    return first, _chained(first, stream)


async def _chained(first: T, rest: AsyncGenerator[T, None]) -> AsyncGenerator[T]:
    async with aclosing(rest):
        yield first
        async for piece in rest:
            yield piece


async def no_body() -> AsyncGenerator[bytes, None]:
    """Return the stream for HEAD, of which no length is said where the real one is not known."""
    return
    yield b""
