"""What a request comes with: a key in its header, or a session's token in a cookie."""

import falcon.asgi

from gateway.access.browsers.cookies import SESSION_COOKIE, session_cookie
from shared.errors import KeyFault, Unauthenticated
from shared.keys.credential import Credential, digest, parse_key, parse_token

_SCHEME = "bearer "


def presented_credential(req: falcon.asgi.Request) -> Credential | bytes:
    """Return the key, or the SHA-256 of a session's token. The header wins over the cookie.

    Raises Unauthenticated if there is neither, or the form is another.
    """
    return presented_key(req) or _session(req)


def presented_key(req: falcon.asgi.Request) -> Credential | None:
    """Return the key in the header, if there is that header.

    Raises Unauthenticated if the form is another.
    """
    header = req.get_header("Authorization")
    if header is None:
        return None
    credential = None
    if header[: len(_SCHEME)].lower() == _SCHEME:
        credential = parse_key(header[len(_SCHEME) :].strip())
    if credential is None:
        raise Unauthenticated(KeyFault.MALFORMED)
    return credential


def has_credential(req: falcon.asgi.Request) -> bool:
    """Say whether there is a credential, whatever it is."""
    if req.get_header("Authorization") is not None:
        return True
    return SESSION_COOKIE in (req.get_header("Cookie") or "")


def _session(req: falcon.asgi.Request) -> bytes:
    cookie = session_cookie(req)
    if cookie is None:
        raise Unauthenticated(KeyFault.MISSING)
    secret = parse_token(cookie)
    if secret is None:
        raise Unauthenticated(KeyFault.MALFORMED)
    return digest(secret)
