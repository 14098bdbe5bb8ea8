"""Request bodies: limited while they are read, then parsed as strict JSON."""

import json
import sys
from typing import Any, NoReturn

import falcon.asgi

from gateway.http.limits import MAX_DRAINED_BYTES, MAX_NESTING
from shared.errors import BodyInvalid, BodyTooLarge, MediaTypeUnsupported


async def read_body(req: falcon.asgi.Request, *, limit_bytes: int) -> bytes:
    """Return a body that is declared as JSON, holding no more than the limit in memory.

    Raises MediaTypeUnsupported or BodyTooLarge.
    """
    coding = (req.get_header("Content-Encoding") or "identity").strip().lower()
    if coding != "identity":
        raise MediaTypeUnsupported(f"{req.content_type}; Content-Encoding: {coding}")
    media_type = (req.content_type or "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise MediaTypeUnsupported(req.content_type)
    return await _read(req, limit_bytes)


async def _read(req: falcon.asgi.Request, limit_bytes: int) -> bytes:
    declared = req.content_length
    if declared is not None:
        if declared <= limit_bytes:
            return await req.stream.readall()
        if declared > MAX_DRAINED_BYTES:
            raise BodyTooLarge(limit_bytes)
    body = bytearray()
    received = 0
    async for piece in req.stream:
        received += len(piece)
        if received <= limit_bytes:
            body += piece
        elif received > MAX_DRAINED_BYTES:
            break
    if received > limit_bytes:
        raise BodyTooLarge(limit_bytes)
    return bytes(body)


def parse_json(body: bytes) -> Any:
    """Parse JSON (RFC 8259) without Python's extensions; integers are exact.

    Raises BodyInvalid, also for repeated names, NaN, deep nesting, and integers of more digits than
    Python parses.
    """
    try:
        value = _DECODER.decode(body.decode("utf-8"))
        if body.count(b"[") + body.count(b"{") > MAX_NESTING and _is_deep(value):
            raise _NotJson(f"The body is nested more than {MAX_NESTING} levels deep.")
    except UnicodeDecodeError as error:
        raise BodyInvalid(f"Byte {error.start} of the body is not UTF-8.") from error
    except json.JSONDecodeError as error:
        raise BodyInvalid(
            f"The body is not valid JSON at line {error.lineno}, column {error.colno}."
        ) from error
    except RecursionError as error:
        raise BodyInvalid("The body is nested too deeply.") from error
    except ValueError as error:
        if isinstance(error, _NotJson):
            raise BodyInvalid(str(error)) from error
        # The only other ValueError is CPython's, which limits the digits of an integer.
        digits = sys.get_int_max_str_digits()
        raise BodyInvalid(f"An integer in the body has more than {digits} digits.") from error
    return value


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_NESTING):
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
    """Raised inside the decoder for what Python accepts and JSON does not."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _NotJson("A member of an object is named twice.")
    return members


def _no_constant(name: str) -> NoReturn:
    raise _NotJson(f"{name} is not valid JSON.")


# json.loads would make a decoder for every call with options.
_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
