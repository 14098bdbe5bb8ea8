"""The cookie that holds the token of a browser's session."""

from datetime import timedelta

import falcon.asgi

from gateway.access.browsers.cross_site import is_from_elsewhere

SESSION_COOKIE = "reckoner_session"


def session_cookie(req: falcon.asgi.Request) -> str | None:
    """Return the value of the cookie; None if there is none, or it does not count.

    To a browser, another port of the same host is the same site: it sends the cookie along, and
    a page there may set cookies of this name. So the cookie does not count where the request has
    the Origin of another page, even one that may use the service (with a key).
    """
    values = req.get_cookie_values(SESSION_COOKIE)
    if not values or (req.get_header("Origin") is not None and is_from_elsewhere(req)):
        return None
    return values[0]


def set_session_cookie(
    req: falcon.asgi.Request, resp: falcon.asgi.Response, token: str, lifetime: timedelta
) -> None:
    """Have the browser keep the token: for no script, and for no request of another site."""
    _set(req, resp, token, max(1, round(lifetime.total_seconds())))


def expire_session_cookie(req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
    """Have the browser delete the token, whatever its clock shows."""
    # Falcon leaves out an age of 0.
    _set(req, resp, "", -1)


def _set(
    req: falcon.asgi.Request, resp: falcon.asgi.Response, value: str, max_age_seconds: int
) -> None:
    resp.set_cookie(
        SESSION_COOKIE,
        value,
        max_age=max_age_seconds,
        path="/",
        secure=_is_https(req),
        http_only=True,
        same_site="Strict",
    )


def _is_https(req: falcon.asgi.Request) -> bool:
    """Say whether the browser has used HTTPS, by the first proxy of those before NGINX."""
    protocols = req.get_header("X-Forwarded-Proto") or ""
    return protocols.partition(",")[0].strip().lower() == "https"
