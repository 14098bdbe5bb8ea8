"""JSON answers, all of one form."""

import json
from typing import Any

import falcon
import falcon.asgi


def write_json(resp: falcon.asgi.Response, answer: Any, *, cache: str = "no-store") -> None:
    """Answer with this, in ASCII and with a line's end for those who read it in a terminal."""
    resp.content_type = falcon.MEDIA_JSON
    resp.cache_control = [cache]
    resp.data = json.dumps(answer).encode() + b"\n"
