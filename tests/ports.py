"""Ports for servers that tests start."""

from collections.abc import Iterable

from compose.services import free_port


def ports_for(names: Iterable[str]) -> dict[str, int]:
    """Return a free port for each name, no two the same."""
    ports: dict[str, int] = {}
    for name in names:
        while (port := free_port()) in ports.values():
            pass
        ports[name] = port
    return ports
