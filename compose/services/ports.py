"""TCP ports: find a free one, and say who holds a taken one."""

import secrets
import socket
from pathlib import Path

# Below the range from which the kernel takes ports for outgoing connections (32768 on Linux by
# default): otherwise a client that retries while its server restarts can take the server's port,
# or even be connected to itself.
FIRST_PORT, LAST_PORT = 20_000, 32_000

_LISTEN = "0A"  # the state column of /proc/net/tcp


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port on which nothing listens now, and which no outgoing connection will take."""
    while True:
        port = secrets.choice(range(FIRST_PORT, LAST_PORT))
        if is_free(port, host):
            return port


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether a server could listen on the port now."""
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
    """Tell whether something accepts connections on the port."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def holder_of(port: int) -> str | None:
    """Name the program that listens on the port, as far as this user may see it."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    if not sockets:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(link.readlink()) in sockets for link in (process / "fd").iterdir()):
                name = (process / "comm").read_text().strip()
                return f"{name}, process {process.name}"
        except OSError:
            continue  # ended meanwhile, or another user's
    return None


def _listening_inodes(port: int) -> set[str]:
    """Return the inodes of the sockets that listen on the port, of either address family."""
    inodes = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for line in table.read_text().splitlines()[1:]:
            columns = line.split()
            local, state, inode = columns[1], columns[3], columns[9]
            if state == _LISTEN and int(local.rpartition(":")[2], 16) == port:
                inodes.add(inode)
    return inodes
