"""The servers that a database URL names, and which of them to connect to.

libpq takes several as well, but has no time limit for each in asynchronous mode: a first server
that does not answer would take all the time. So they are tried one at a time.
"""

import functools
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg2
import psycopg2.extensions
from sqlalchemy import URL
from sqlalchemy.exc import ArgumentError

from shared.postgres.outages import brief

#: Limits for connecting to a single server, and to each of several. libpq takes whole seconds, at
#: least 2.
_ALONE_SECONDS = 5
_EACH_SECONDS = 3

#: A peer that vanished without closing its connections is noticed within about 10 s.
_KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

#: The parameters that libpq takes as lists.
_ADDRESS = ("host", "hostaddr", "port")

#: Of several servers only the primary accepts writes, and every process writes.
_PRIMARY = ("read-write", "primary")


@dataclass(frozen=True, slots=True)
class Server:
    """One address, as libpq's parameters, and the time limit for connecting to it."""

    address: Mapping[str, str]
    connect_seconds: int

    def __str__(self) -> str:
        """Return host and port."""
        return ":".join(self.address[key] for key in ("host", "port") if key in self.address)


class Servers:
    """The addresses of a URL. The one that answered last is tried first."""

    def __init__(self, url: URL) -> None:
        """Accept every URL that SQLAlchemy's psycopg2 dialect accepts.

        Raises SQLAlchemy's ArgumentError for options that it or libpq does not know.
        """
        given = url.get_dialect()().create_connect_args(url)[1]
        try:
            psycopg2.extensions.make_dsn(**given)
            self._given_seconds = int(given.get("connect_timeout", 0))
        except (psycopg2.ProgrammingError, ValueError) as error:
            raise ArgumentError(brief(error)) from error
        self._hosts = _split(given)
        others = {name: value for name, value in given.items() if name not in _ADDRESS}
        self._parameters: dict[str, Any] = {**_KEEPALIVE, **others}
        if len(self._hosts) > 1:
            self._parameters.setdefault("target_session_attrs", _PRIMARY[0])
        # Otherwise there is no reason to prefer the one that answered last.
        self._is_primary_wanted = self._parameters.get("target_session_attrs") in _PRIMARY
        self._last: Mapping[str, str] | None = None

    def in_order(self) -> list[Server]:
        """Return the servers in the order to try them. Resolves names, so it may block."""
        addresses = [address for host in self._hosts for address in _resolved(host)]
        last = self._last
        if last in addresses:
            addresses.remove(last)
            addresses.insert(0, last)
        seconds = _ALONE_SECONDS if len(addresses) == 1 else _EACH_SECONDS
        if self._given_seconds > 0:
            seconds = self._given_seconds
        return [Server(address, seconds) for address in addresses]

    def open(
        self, server: Server, *, name: str, options: Sequence[str], **more: Any
    ) -> psycopg2.extensions.connection:
        """Connect to this server, or begin to with `async_=True`. Raises psycopg2.Error.

        `options` override those of the URL; an `application_name` in the URL overrides `name`.
        """
        ours = " ".join(f"-c {option}" for option in options)
        parameters = {
            "application_name": name,
            **self._parameters,
            **server.address,
            "connect_timeout": server.connect_seconds,
            "options": f"{self._parameters.get('options', '')} {ours}".strip(),
        }
        connection: psycopg2.extensions.connection = psycopg2.connect(**parameters, **more)
        return connection

    def note(self, server: Server) -> None:
        """Remember that this server accepted a connection."""
        if self._is_primary_wanted:
            self._last = server.address

    def connect(
        self, *, name: str, options: Sequence[str] = (), **more: Any
    ) -> psycopg2.extensions.connection:
        """Connect to the first that answers. Raises psycopg2.Error."""
        failures = []
        for server in self.in_order():
            try:
                connection = self.open(server, name=name, options=options, **more)
            except psycopg2.OperationalError as error:
                failures.append(brief(error))
            else:
                self.note(server)
                return connection
        raise psycopg2.OperationalError("; ".join(failures))


@functools.cache
def servers_of(url: URL) -> Servers:
    """Return the servers of a URL, which all connections of a process share."""
    return Servers(url)


def _split(given: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the parameters of each host; libpq has them as lists with commas."""
    lists = {name: str(given[name]).split(",") for name in _ADDRESS if name in given}
    count = max((len(values) for values in lists.values()), default=1)
    # A single port is that of all hosts, and an empty one is the default.
    hosts = [
        {name: values[index if len(values) > 1 else 0] for name, values in lists.items()}
        for index in range(count)
    ]
    return [{name: value for name, value in host.items() if value} for host in hosts]


def _resolved(host: Mapping[str, str]) -> list[Mapping[str, str]]:
    """Return the host once for each of its IP addresses."""
    name = host.get("host", "")
    if host.get("hostaddr") or not name or name.startswith(("/", "@")):
        return [host]
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError:
        return [host]  # libpq reports what is wrong with it
    numbers = dict.fromkeys(str(address[0]) for *_, address in found)
    return [{**host, "hostaddr": number} for number in numbers]
