"""The names by which clients may address the service: RECKONER_ALLOWED_HOSTS."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

from shared.config.ip_addresses import is_ipv4, is_ipv6

#: What is accepted whatever the name; for a service behind a proxy that checks it.
_ANY = "*"

_HOST_HEADER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{0,5})?", re.ASCII)
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.(?!-)[a-z0-9_-]{1,63})*", re.ASCII)


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """Host names and addresses, in the form of `host_of`."""

    names: frozenset[str]
    #: Beginnings with a dot allow every name below, and the name itself.
    suffixes: tuple[str, ...]
    are_all_allowed: bool

    def allow(self, header: str | None) -> bool:
        """Say whether a request with this Host header is addressed to this service.

        What is not a host, and a request that names none, is not.
        """
        if self.are_all_allowed:
            return True
        host = None if header is None else host_of(header)
        return host is not None and (host in self.names or f".{host}".endswith(self.suffixes))


def host_of(header: str) -> str | None:
    """Return the host of a Host header in its one form; None if it is not a host.

    That is without a port, in lower case and without the dot that may end a name; an IPv6 address
    is in brackets and as short as can be.
    """
    found = _HOST_HEADER.fullmatch(header)
    if found is None:
        return None
    host = found[1].lower()
    if host.startswith("["):
        try:
            return f"[{ipaddress.IPv6Address(host[1:-1]).compressed}]"
        except ValueError:
            return None
    host = host.removesuffix(".")
    return host if _NAME.fullmatch(host) else None


def parse_hosts(text: str) -> AllowedHosts:
    """Return what a list without faults allows."""
    items = items_of(text)
    hosts = [(item.startswith("."), host_of(item.removeprefix("."))) for item in items]
    return AllowedHosts(
        names=frozenset(host for _, host in hosts if host is not None),
        suffixes=tuple(f".{host}" for is_suffix, host in hosts if is_suffix),
        are_all_allowed=_ANY in items,
    )


def host_faults(text: str) -> Iterator[str]:
    """Yield what is wrong with the list."""
    items = items_of(text)
    if not items:
        yield "is empty. Write the names by which clients address the service, with commas."
    for item in items:
        if item == _ANY:
            continue
        name = item.removeprefix(".")
        host = host_of(name)
        if "://" in item or "/" in item:
            yield f"must have host names, without a scheme or a path; one is {item!r:.100}."
        elif host is None and is_ipv6(name):
            yield f"must have its IPv6 addresses in brackets, as in [::1]; one is {item!r:.100}."
        elif host is None or (name != item and (host.startswith("[") or is_ipv4(host))):
            yield (
                "must have host names, IP addresses, names that begin with a dot for all below "
                f"them, or *; one is {item!r:.100}."
            )
        elif re.search(r":[0-9]*$", name) and not name.endswith("]"):
            yield f"must have host names without ports, which do not count; one is {item!r:.100}."


def items_of(text: str) -> list[str]:
    """Return what is between the commas of a list, without spaces."""
    return [item for item in (piece.strip() for piece in text.split(",")) if item]
