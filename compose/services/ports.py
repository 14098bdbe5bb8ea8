"""TCP ports: find a free one, name the holder of a taken one, and check what answers there."""

import base64
import contextlib
import http.client
import secrets
import socket

import psutil

# Below the range from which the kernel takes ports for outgoing connections (32768 on Linux by
# default): otherwise a client that retries while its server restarts can take the server's port,
# or even be connected to itself.
FIRST_PORT, LAST_PORT = 20_000, 32_000

_HTTP_TIMEOUT_SECONDS = 5.0


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port on which nothing listens now, and which no outgoing connection will take."""
    while True:
        port = secrets.choice(range(FIRST_PORT, LAST_PORT))
        if is_free(port, host):
            return port


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether a server could listen on the port now."""
    return refusal(port, host) is None


def refusal(port: int, host: str = "127.0.0.1") -> str | None:
    """Return the kernel's reason why this user's server could not listen on the port, if any."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # As servers do it: a port whose old connections are in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return None


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether something accepts connections on the port."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def http_status(
    port: int,
    path: str,
    login: tuple[str, str] | None = None,
    host: str = "127.0.0.1",
    *,
    timeout: float = _HTTP_TIMEOUT_SECONDS,
) -> int | None:
    """Return the status of a GET request, or None if nothing answers."""
    headers = {}
    if login is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(login).encode()).decode()
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def holder_of(port: int) -> str | None:
    """Return the name of the program that listens on the port, as far as this user may see it."""
    for connection in psutil.net_connections("tcp"):
        local, pid = connection.laddr, connection.pid
        if local and local.port == port and connection.status == psutil.CONN_LISTEN and pid:
            with contextlib.suppress(psutil.Error):  # it has ended
                return f"{psutil.Process(pid).name()}, process {pid}"
    return None
