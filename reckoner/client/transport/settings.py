"""What both clients are made with: where the service is, by which key, and how long they wait."""

import platform
from collections.abc import Generator
from importlib import metadata
from typing import Any

import httpx

DEFAULT_URL = "http://localhost:8080"
DEFAULT_TIMEOUT_SECONDS = 30.0

#: NGINX keeps an idle connection for 65 s. Whoever gives one up first sees no broken request.
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30.0)


class _Bearer(httpx.Auth):
    """Puts the key into each request. Nothing that is printed or logged shows it."""

    def __init__(self, key: str) -> None:
        self._header = f"Bearer {key}"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = self._header
        yield request

    def __repr__(self) -> str:
        return "<a key>"


def http_options(
    url: str | None, key: str | None, timeout: float | httpx.Timeout | None
) -> dict[str, Any]:
    """Return what httpx.Client and httpx.AsyncClient take.

    Redirects are not followed, so a key goes to no other address. Raises ValueError for a URL or a
    key that cannot be meant.
    """
    return {
        "base_url": checked_url(url),
        "auth": None if key is None else _Bearer(_checked_key(key)),
        "timeout": timeout,
        "limits": _LIMITS,
        "follow_redirects": False,
        "headers": {"User-Agent": _user_agent(), "Accept-Encoding": "gzip"},
    }


def checked_url(url: str | None) -> str:
    """Return the URL of the service without a slash at its end. Raises ValueError."""
    try:
        parsed = httpx.URL(DEFAULT_URL if url is None else url)
        parsed.raw_host.decode().encode("idna")  # which looking it up does, with the same error
    except (httpx.InvalidURL, UnicodeError):
        raise ValueError("The URL is not valid. Give one such as http://localhost:8080.") from None
    if parsed.userinfo:
        raise ValueError("The URL must not hold a password. Give the key as `key`.")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError(
            f"{url!r} is not the URL of a service. Give one such as http://localhost:8080."
        )
    if parsed.query or parsed.fragment:
        raise ValueError(f"{url!r} has a query or a fragment. Give the service's URL alone.")
    return str(parsed).rstrip("/")


def _checked_key(key: str) -> str:
    """Return the key without white space around it, which a file may have at its end."""
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        # Not shown: it is a secret even if it is wrong.
        raise ValueError("The key is not valid. Give one as `reckoner key create` shows it.")
    return key


def _user_agent() -> str:
    try:
        version = metadata.version("reckoner-service")
    except metadata.PackageNotFoundError:
        version = "0"
    return f"reckoner-client/{version} Python/{platform.python_version()} httpx/{httpx.__version__}"
