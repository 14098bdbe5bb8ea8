"""PostgreSQL: whether it can be reached, keeps what it accepts, and has room for connections."""

import time
from collections.abc import Iterator

from sqlalchemy import Connection

from migrations.grants import GRANTS
from reckoner.cli.operating.doctor.findings import Finding, fault, note, ok, warning
from reckoner.cli.operating.doctor.running import Installation
from shared.calculation import Lane
from shared.config import Settings
from shared.errors import StoreUnavailable
from shared.postgres.outages import outages_raised
from shared.store.presence import SILENT_SECONDS, list_relays, list_workers
from shared.store.server import Right, Server, find_lacking_rights, read_server
from shared.store.tables.schema import find_schema

#: The oldest that the tests run against.
_OLDEST_VERSION = 130_000

_CLOCK_SECONDS = 2.0

#: Of a relay, and of a worker beside two for each heavy slot.
_RELAY_CONNECTIONS = 6
_WORKER_CONNECTIONS = 2

_OWNER = "reckoner"
_APP = "reckoner_app"


def check_server(installation: Installation) -> Iterator[Finding]:
    """Find whether PostgreSQL can be reached, and whether it loses nothing."""
    began = time.time()
    try:
        with outages_raised(), installation.engine.connect() as connection:
            began = time.time()
            server = read_server(connection)
            ended = time.time()
    except StoreUnavailable as error:
        yield fault(
            f"PostgreSQL is not available: {error}.",
            "Check RECKONER_DATABASE_URL, the password, and that the server runs.",
        )
        return
    yield ok(f"PostgreSQL {server.version} can be reached, as the role {server.role}.")
    yield from _state(server)
    yield from _durability(server)
    ahead = server.clock - (began + ended) / 2
    if abs(ahead) > _CLOCK_SECONDS + (ended - began):
        yield warning(
            f"This machine's clock and PostgreSQL's differ by {abs(ahead):.1f} s.",
            "Synchronise both, for example with chrony. Reckoner goes by PostgreSQL's alone, but "
            "logs and sessions of browsers are read by other clocks.",
        )


def _state(server: Server) -> Iterator[Finding]:
    if server.version_number < _OLDEST_VERSION:
        yield fault(f"PostgreSQL {server.version} is too old.", "Upgrade it to 13 or later.")
    if server.is_standby:
        yield fault(
            "It is a standby and takes no writes.",
            "Name the primary in RECKONER_DATABASE_URL, or both hosts: the one that takes writes "
            "is found.",
        )
    elif server.is_read_only:
        yield fault(
            "It is read-only: default_transaction_read_only is on, and nothing is accepted.",
            "Turn it off, once what was the reason for it is over.",
        )
    if not (server.is_encrypted or server.is_local):
        yield warning(
            "The connection to PostgreSQL is not encrypted.",
            "Unless the network between is private, as that of Docker Compose is, add "
            "?sslmode=verify-full to RECKONER_DATABASE_URL.",
        )


def _durability(server: Server) -> Iterator[Finding]:
    faults = []
    if not server.has_fsync:
        faults.append(("fsync is off", "Set fsync = on"))
    if not server.has_full_page_writes:
        faults.append(("full_page_writes is off", "Set full_page_writes = on"))
    if server.synchronous_commit == "off":
        faults.append(("synchronous_commit is off", "Set synchronous_commit = on"))
    for what, remedy in faults:
        yield fault(f"{what}: a crash loses calculations that were accepted.", f"{remedy}.")
    if not faults:
        yield ok("What it has accepted survives a crash (fsync, synchronous_commit).")
    if not server.has_autovacuum:
        yield fault(
            "autovacuum or track_counts is off: tables grow without bound.",
            "Set both to on, in postgresql.conf.",
        )


def check_schema(installation: Installation) -> Iterator[Finding]:
    """Find whether the schema is that of this version, and what the role may do with it."""
    with installation.engine.connect() as connection:
        schema = find_schema().on(connection)
        if schema.fault is not None:
            yield fault(f"The schema does not fit: {schema.fault}.", "Run `reckoner migrate`.")
            return
        yield ok(f"The schema is {schema.revision}, which this version works with.")
        server = read_server(connection)
        if server.is_superuser:
            yield warning(
                f"The role {server.role} is a superuser.",
                f"Use {_APP} in RECKONER_DATABASE_URL, which may change rows only.",
            )
        elif server.role == _OWNER:
            yield note(
                f"The role {_OWNER} owns the tables.",
                f"Gateways and workers need no more than {_APP}.",
            )
        yield from _rights(connection, server.role)


def _rights(connection: Connection, role: str) -> Iterator[Finding]:
    lacking = find_lacking_rights(connection, _wanted_rights())
    if not lacking:
        yield ok(f"The role {role} has the rights that the service needs.")
        return
    shown = ", ".join(f"{right} on {table}" for table, right in lacking[:5])
    more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
    yield fault(
        f"The role {role} lacks rights: {shown}{more}.",
        f"Run `reckoner migrate` as the owner, which grants them to {_APP}; or use that role.",
    )


def _wanted_rights() -> Iterator[Right]:
    """Yield what the service's role is granted."""
    for table, rights in GRANTS[_APP].items():
        for part in rights.split(", "):
            right, _, column = part.partition(" (")
            yield Right(table, right, column.rstrip(")") or None)


def check_connections(installation: Installation) -> Iterator[Finding]:
    """Find whether PostgreSQL has as many connections as the processes may open."""
    settings = installation.settings
    with installation.engine.connect() as connection:
        server = read_server(connection)
        workers = list_workers(connection, SILENT_SECONDS)
        relays = sum(one.silent_seconds <= SILENT_SECONDS for one in list_relays(connection))
    slots = sum(one.slots for one in workers if one.lane == Lane.HEAVY)
    needed = (
        _gateway_connections(settings)
        + _RELAY_CONNECTIONS * max(1, relays)
        + _WORKER_CONNECTIONS * (len(workers) + slots)
    )
    words = (
        f"One gateway, {max(1, relays)} relay(s) and {len(workers)} worker(s) may open {needed} "
        f"connections to PostgreSQL, which allows {server.connections}; "
        f"{server.used_connections} are open."
    )
    remedy = "Raise max_connections, or lower RECKONER_GATEWAY_DATABASE_CONNECTIONS."
    if needed > server.connections:
        yield fault(words, remedy)
    elif 2 * needed > server.connections:
        yield warning(f"{words} During an upgrade there are twice as many.", remedy)
    else:
        yield ok(words)


def _gateway_connections(settings: Settings) -> int:
    """Return those of one gateway: its pools, and one that listens, in each process."""
    pool = settings.gateway_database_connections
    return settings.gateway_processes * (pool + 2 * max(1, pool // 2) + 1)
