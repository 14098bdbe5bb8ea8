"""Whether Reckoner responds, as its own health checks say."""

import contextlib
import http.client
import json
from collections.abc import Mapping

from compose.services.ports import http_status

_TIMEOUT_SECONDS = 5.0


def is_live(port: int) -> bool:
    """Return whether the gateway on this port responds."""
    return http_status(port, "/health/live") == 200


def checks(host: str, port: int) -> Mapping[str, str]:
    """Return the checks of /health/ready, asked through NGINX; none if there is no answer."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    connection = http.client.HTTPConnection(here, port, timeout=_TIMEOUT_SECONDS)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/health/ready")
        body = connection.getresponse().read()
        with contextlib.suppress(ValueError, KeyError, TypeError):
            found: Mapping[str, str] = json.loads(body)["checks"]
            return found
    return {}
