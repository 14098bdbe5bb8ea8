"""Request bodies: bounded before they are read, then read as strict JSON."""

import json
import sys
from typing import Any, NoReturn

import falcon.asgi

from shared.errors import BodyInvalid, BodyTooLarge, MediaTypeUnsupported

KIB = 1024

#: Nesting that is taken; no function's arguments come near, and checking them recurses.
MOST_NESTED = 32

#: What is read of a body that is refused. A client that is still sending, NGINX among them, would
#: take the end of the connection for the gateway's failure and never see the answer.
_DRAINED_BYTES = 8 * KIB * KIB


async def read_body(req: falcon.asgi.Request, *, limit_bytes: int) -> bytes:
    """Return the body, which is declared to be JSON.

    Never holds more than the limit. Raises MediaTypeUnsupported or BodyTooLarge.
    """
    coding = (req.get_header("Content-Encoding") or "identity").strip().lower()
    if coding != "identity":
        raise MediaTypeUnsupported(f"{req.content_type}, encoded as {coding}")
    media_type = (req.content_type or "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise MediaTypeUnsupported(req.content_type)
    return await _read(req, limit_bytes)


async def _read(req: falcon.asgi.Request, limit_bytes: int) -> bytes:
    declared = req.content_length
    if declared is not None:
        if declared <= limit_bytes:
            return await req.stream.readall()
        if declared > _DRAINED_BYTES:
            raise BodyTooLarge(limit_bytes)
    body = bytearray()
    received = 0
    async for piece in req.stream:
        received += len(piece)
        if received <= limit_bytes:
            body += piece
        elif received > _DRAINED_BYTES:
            break
    if received > limit_bytes:
        raise BodyTooLarge(limit_bytes)
    return bytes(body)


def parse_json(body: bytes) -> Any:
    """Return what these bytes say as JSON (RFC 8259), refusing what Python adds to it.

    Integers are exact. Raises BodyInvalid, also for repeated names, NaN, and nesting or integers
    beyond what Python reads.
    """
    try:
        value = _DECODER.decode(body.decode("utf-8"))
        if body.count(b"[") + body.count(b"{") > MOST_NESTED and _is_deep(value):
            raise _NotJson(f"It is nested more than {MOST_NESTED} deep.")
    except UnicodeDecodeError as error:
        raise BodyInvalid(f"Byte {error.start} is not UTF-8.") from error
    except json.JSONDecodeError as error:
        raise BodyInvalid(
            f"It stops being JSON at line {error.lineno}, column {error.colno}."
        ) from error
    except RecursionError as error:
        raise BodyInvalid("It is nested too deeply.") from error
    except ValueError as error:
        if isinstance(error, _NotJson):
            raise BodyInvalid(str(error)) from error
        # The only other ValueError: CPython's guard against quadratic time.
        digits = sys.get_int_max_str_digits()
        raise BodyInvalid(f"An integer in it has more than {digits} digits.") from error
    return value


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MOST_NESTED):
        level = [
            inner
            for one in level
            if isinstance(one, (list, dict))
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return any(isinstance(one, (list, dict)) for one in level)


class _NotJson(ValueError):
    """Raised inside the decoder for what Python takes and JSON does not."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _NotJson("It names a member twice.")
    return members


def _no_constant(name: str) -> NoReturn:
    raise _NotJson(f"{name} is not JSON.")


# Made once: json.loads makes another for every call with options.
_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
