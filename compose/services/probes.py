"""A short question to an HTTP server, to see whether it answers."""

import base64
import http.client

_TIMEOUT_SECONDS = 5.0


def http_status(
    port: int, path: str, login: tuple[str, str] | None = None, host: str = "127.0.0.1"
) -> int | None:
    """Return the status of a GET request, or None if there is no answer."""
    headers = {}
    if login is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(login).encode()).decode()
    connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
