"""/session: a browser gives its key once, and gets a cookie.

Pictures, downloads and event streams cannot send a header. POST begins a session, GET shows whose
it is, DELETE ends it.
"""

from datetime import datetime

import falcon.asgi

from gateway.access.authentication import Authentication
from gateway.access.browsers.cookies import (
    expire_session_cookie,
    session_cookie,
    set_session_cookie,
)
from gateway.access.caller import Caller
from gateway.access.key_ring import KeyRing
from gateway.access.presented import presented_credential, presented_key
from gateway.access.scopes import by_method
from gateway.database.database import Database
from gateway.http.body import parse_json, read_body
from gateway.http.document import rfc3339
from gateway.http.limits import MAX_EVENT_LOOP_BODY_BYTES, MAX_SESSIONS_PER_KEY
from gateway.http.responses import write_json
from reckoner.authoring.faults import Fault
from shared.errors import ArgumentsInvalid, KeyFault, Unauthenticated
from shared.keys.credential import Credential, digest, new_token, parse_key, parse_token
from shared.keys.scope import Scope
from shared.store.keys.sessions import delete_session, insert_session

#: No key is needed to get here: each method checks what it is given.
_OPEN = by_method(GET=None, POST=None, DELETE=None)


class Session:
    """The session of the browser that asks."""

    scopes = _OPEN

    def __init__(
        self, access: Authentication, ring: KeyRing, database: Database, seconds: float
    ) -> None:
        """Take how long a session lasts; it never outlives its key."""
        self._access = access
        self._ring = ring
        self._database = database
        self._seconds = seconds

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Respond with the key's name and scopes, and when the session or the key ends."""
        credential = presented_credential(req)
        caller = await self._access.admit(credential)
        _write(resp, caller, self._ring.end_of(credential))

    on_head = on_get

    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Begin a session for a key, which must be given itself: a session makes no other."""
        body = await read_login(req)
        key = presented_key(req) or _key_in(body)
        caller = await self._access.admit(key)
        token = new_token()
        insertion = insert_session(
            _stored(token), key, seconds=self._seconds, max_sessions=MAX_SESSIONS_PER_KEY
        )
        # In a thread: many at once must not hold up what all requests need, such as the keys.
        expires_at = await self._database.run_transaction(insertion.on)
        if expires_at is None:  # revoked or rotated, or expired, a moment ago
            raise Unauthenticated(KeyFault.INVALID)
        set_session_cookie(req, resp, token, expires_at - self._ring.now)
        _write(resp, caller, expires_at)
        resp.status = falcon.HTTP_201

    async def on_delete(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """End the session, if there is one."""
        cookie = session_cookie(req)
        if cookie is not None:
            await self._end(cookie)
            expire_session_cookie(req, resp)
            # What the browser has stored of results could still be opened.
            resp.set_header("Clear-Site-Data", '"cache"')
        resp.cache_control = ["no-store"]
        resp.status = falcon.HTTP_204

    async def _end(self, cookie: str) -> None:
        """Delete the session; what is no session costs no statement of its own."""
        secret = parse_token(cookie)
        if secret is None:
            return
        token_sha256 = digest(secret)
        try:
            if self._ring.find(token_sha256) is None:
                await self._ring.caller_of(token_sha256)
        except Unauthenticated:
            return
        await self._database.run_transaction(delete_session(token_sha256).on)


class SessionWithoutKeys:
    """What a browser is told while keys are off: nobody needs a session."""

    scopes = _OPEN

    async def on_get(
        self,
        req: falcon.asgi.Request,  # noqa: ARG002
        resp: falcon.asgi.Response,
    ) -> None:
        """Respond with that."""
        write_json(resp, {"keys": "off"})

    on_head = on_get

    async def on_post(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Respond with that, to a body that would begin a session elsewhere."""
        await read_login(req)
        await self.on_get(req, resp)

    async def on_delete(
        self,
        req: falcon.asgi.Request,  # noqa: ARG002
        resp: falcon.asgi.Response,
    ) -> None:
        """End nothing."""
        resp.cache_control = ["no-store"]
        resp.status = falcon.HTTP_204


async def read_login(req: falcon.asgi.Request) -> str | None:
    """Return the text of a body `{"key": "rk_..."}`, or None if there is no body.

    It is checked even if the key is in the header. No error shows anything of it.
    """
    if not req.content_length and req.content_type is None:
        return None
    # What anybody may send is parsed in the event loop, so it may not be long.
    body = parse_json(await read_body(req, limit_bytes=MAX_EVENT_LOOP_BODY_BYTES))
    if not isinstance(body, dict) or set(body) != {"key"} or not isinstance(body["key"], str):
        raise ArgumentsInvalid([Fault("", 'The body must be {"key": "rk_..."}.')])
    text: str = body["key"]
    return text


def _key_in(text: str | None) -> Credential:
    if text is None:
        raise Unauthenticated(KeyFault.MISSING)
    key = parse_key(text.strip())
    if key is None:
        raise Unauthenticated(KeyFault.MALFORMED)
    return key


def _stored(token: str) -> bytes:
    secret = parse_token(token)
    assert secret is not None
    return digest(secret)


def _write(resp: falcon.asgi.Response, caller: Caller, expires_at: datetime | None) -> None:
    scopes = [scope for scope in Scope if scope in caller.scopes]
    document = {"key": caller.name, "scopes": scopes, "expires_at": rfc3339(expires_at)}
    write_json(resp, document)
    if caller.name is not None:
        resp.set_header("X-Reckoner-Key", caller.name)
