"""/openapi.json: GET responds with the OpenAPI description (gateway/description)."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import falcon
import falcon.asgi

from gateway.access.scopes import by_method
from gateway.http.results.representation import Outcome, Representation


class OpenApi:
    """The description, which does not change while the process runs."""

    scopes = by_method(GET=None)

    def __init__(self, description: Mapping[str, Any]) -> None:
        self._data = json.dumps(description).encode() + b"\n"
        sha256 = hashlib.sha256(self._data).hexdigest()
        self._representation = Representation(len(self._data), sha256)

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Respond with it, or with 304 to a client that has it."""
        selection = self._representation.select(
            if_match=None,
            if_none_match=req.get_header("If-None-Match"),
            range_header=None,
            if_range=None,
        )
        resp.set_header("ETag", self._representation.etag)
        resp.cache_control = ["no-cache"]
        if selection.outcome is Outcome.NOT_MODIFIED:
            resp.status = falcon.HTTP_304
            return
        resp.content_type = falcon.MEDIA_JSON
        resp.data = self._data

    on_head = on_get
