"""The origins whose pages may use the service: RECKONER_CORS_ORIGINS."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from shared.config.hosts import host_of, items_of

_DEFAULT_PORTS = {"http": 80, "https": 443}
_FORM = "Write each as browsers send it, for example https://example.org or http://localhost:3000"


def parse_origins(text: str | None) -> frozenset[str]:
    """Return the origins of a list without faults."""
    return frozenset(items_of(text or ""))


def origin_faults(text: str) -> Iterator[str]:
    """Yield what is wrong with the list. Browsers write an origin in one way only."""
    items = items_of(text)
    if not items:
        yield f"is empty. {_FORM}, or remove the setting."
    for item in items:
        if item in ("*", "null"):
            yield f"must name origins: {item} would allow the pages of anybody. {_FORM}."
            continue
        origin = _origin(item)
        if origin is None:
            yield f"has an item that is not an origin: {item!r:.100}. {_FORM}."
        elif origin != item:
            yield f"has {item!r:.100}, which browsers send as {origin}. Write it so."


def _origin(text: str) -> str | None:
    """Return an origin as browsers write it, or None if it is none."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    host = host_of(parts.netloc)
    if parts.scheme not in _DEFAULT_PORTS or host is None or port == 0:
        return None
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        return None
    is_default = port in (None, _DEFAULT_PORTS[parts.scheme])
    return f"{parts.scheme}://{host}{'' if is_default else f':{port}'}"
