"""What is an IP address, and which reach this machine alone."""

import ipaddress


def is_ipv4(host: str) -> bool:
    """Say whether it is an address, as in 127.0.0.1."""
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def is_ipv6(host: str) -> bool:
    """Say whether it is an address, as in ::1, without brackets."""
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Return whether only this machine's own clients can reach the address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
