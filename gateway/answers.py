"""JSON answers, all of one form."""

import json
from typing import Any

import falcon
import falcon.asgi

#: How long NGINX may answer from its cache what never changes, in seconds. Clients do not see it.
_CACHE_SECONDS = "3600"


def let_nginx_cache(resp: falcon.asgi.Response) -> None:
    """Say that this answer stays right: only for what belongs to a succeeded calculation."""
    resp.set_header("X-Accel-Expires", _CACHE_SECONDS)


def write_json(resp: falcon.asgi.Response, answer: Any, *, cache: str = "no-store") -> None:
    """Answer with this, in ASCII and with a line's end for those who read it in a terminal."""
    resp.content_type = falcon.MEDIA_JSON
    resp.cache_control = [cache]
    resp.data = json.dumps(answer).encode() + b"\n"
