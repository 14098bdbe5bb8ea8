"""Checks of the addresses among the settings. Their sentences never contain a password."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pika
import psycopg2
import psycopg2.extensions
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from shared.config.ip_addresses import is_ipv4, is_ipv6
from shared.postgres.servers import Servers

_DRIVER = "postgresql+psycopg2"
_LAST_PORT = 65_535
_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")

#: Options whose values libpq checks only when it connects.
_CHOICES = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "target_session_attrs": (
        *("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
    ),
}
_NUMBERS = re.compile(r"connect_timeout|keepalives(_\w+)?|tcp_user_timeout")


def bind_faults(address: str) -> Iterator[str]:
    """Yield what is wrong with a `host:port` to listen on; IPv6 is in brackets."""
    host, colon, port = address.rpartition(":")
    if not colon or not _is_port(port):
        yield f"must be host:port with a port from 1 to {_LAST_PORT}; it is {address!r:.100}."
    elif host.startswith("[") and host.endswith("]"):
        if not is_ipv6(host[1:-1]):
            yield f"must have an IPv6 address in its brackets; it is {address!r:.100}."
    elif ":" in host:
        yield f"must have its IPv6 address in brackets, as in [::1]:8081; it is {address!r:.100}."
    elif not _HOST_NAME.fullmatch(host) or (_is_all_digits(host) and not is_ipv4(host)):
        yield f"must begin with a host name or an IP address; it is {address!r:.100}."


def database_faults(text: str) -> Iterator[str]:
    """Yield what is wrong with PostgreSQL's URL. What SQLAlchemy's dialect accepts is valid."""
    form = f"Write it as {_DRIVER}://user@host:port/name"
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        yield f"is not a database URL. {form}."
        return
    if url.drivername != _DRIVER:
        yield f"must begin with {_DRIVER}://; it begins with {url.drivername!r:.40}. {form}."
        return
    try:
        options = _libpq_options(url)
    except (ArgumentError, ValueError) as error:
        yield f"has hosts or ports that cannot be read: {error}. {form}."
        return
    ports = str(options.get("port", "")).split(",")
    # SQLAlchemy reads port 0 as no port.
    if url.port == 0 or not all(port == "" or _is_port(port) for port in ports):
        yield f"has a port that is not from 1 to {_LAST_PORT}. {form}."
    if not any(name in options for name in ("dbname", "service")):
        yield f"names no database. {form}."
    faults = list(_option_faults(options))
    yield from faults
    if not faults:
        try:
            Servers(url)
        except (ArgumentError, ValueError) as error:
            yield f"cannot be used: {error}. {form}."


def _libpq_options(url: URL) -> dict[str, Any]:
    """Return what SQLAlchemy will pass to psycopg2."""
    _, options = url.get_dialect()().create_connect_args(url)
    return dict(options)


def _option_faults(options: dict[str, Any]) -> Iterator[str]:
    try:
        psycopg2.extensions.make_dsn(None, **options)
    except (psycopg2.Error, TypeError, ValueError) as error:
        yield f"has an option unknown to libpq: {str(error).strip()}. Correct or remove it."
    for name, value in options.items():
        allowed = _CHOICES.get(name)
        if allowed is not None and value not in allowed:
            yield f"has {name}={value!r:.40}. It must be one of {', '.join(allowed)}."
        if _NUMBERS.fullmatch(name) and not re.fullmatch(r"-?\d{1,9}", str(value)):
            yield f"has {name}={value!r:.40}. It must be a whole number."


def broker_faults(text: str, password: str | None) -> Iterator[str]:
    """Yield what is wrong with RabbitMQ's URLs, one per node, separated by `;`."""
    nodes = text.split(";")
    for number, node in enumerate(nodes, 1):
        which = f"(node {number} of {len(nodes)}) " if len(nodes) > 1 else ""
        for fault in _node_faults(node, password):
            yield which + fault


def _node_faults(node: str, password: str | None) -> Iterator[str]:
    form = "Write it as amqp://user@host:port/vhost"
    if not node.startswith(("amqp://", "amqps://")):
        yield f"must begin with amqp:// or amqps://. {form}."
        return
    try:
        parts = urlsplit(node)
        host, port = parts.hostname, parts.port
    except ValueError:
        yield f"has a host or a port that cannot be read; ports go from 1 to {_LAST_PORT}. {form}."
        return
    if not host:
        yield f"names no host. {form}."
    if port == 0:
        yield f"has port 0; ports go from 1 to {_LAST_PORT}. {form}."
    if parts.path.count("/") > 1:
        yield f"has a vhost that contains /, which must be written as %2F. {form}."
    if password is not None and not parts.username:
        yield f"must name a user, since a password is set. {form}."
    if password is None and parts.username and parts.password is None:
        yield (
            "names a user but no password. Set RECKONER_BROKER_PASSWORD, or write the password "
            "into the URL."
        )
    try:
        pika.URLParameters(with_password(node, password or "none"))
    except Exception as error:  # pika raises a different one for each option
        yield f"has an option that cannot be used: {error}. Correct or remove it."


def with_password(url: str, password: str | None) -> str:
    """Return the URL with the password, if it has a user but no password."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    if password is None or not user or ":" in user:
        return url
    return parts._replace(netloc=f"{user}:{quote(password, safe='')}{at}{host}").geturl()


def _is_port(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,5}", text)) and 1 <= int(text) <= _LAST_PORT


def _is_all_digits(host: str) -> bool:
    return re.fullmatch(r"[0-9.]+", host) is not None
