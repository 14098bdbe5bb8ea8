"""Failover from one PostgreSQL server to another."""

import asyncio
import os
import signal
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

from compose.services import Postgres, free_port
from compose.services.postgres_data import home_of, programs_for
from compose.services.programs import drop_to
from gateway.database.database import Database
from gateway.waiting.listener import Listener
from gateway.waiting.waiters import Waiters
from migrations.schema import upgrade
from shared.config import load_settings
from shared.errors import StoreUnavailable
from shared.postgres.connections import connect_to_listen, make_engine
from shared.postgres.servers import Servers
from shared.store.new_calculations import New, insert_new, insert_queued
from shared.store.notifications import CHANGED
from tests.engines import make_pool
from tests.eventually import eventually
from tests.factories import make_calculation


@pytest.fixture
def pair(state_folder):
    """A migrated primary, and a standby that follows it."""
    primary = Postgres(state_folder / f"primary-{uuid4().hex}", free_port())
    standby = Postgres(state_folder / f"standby-{uuid4().hex}", free_port())
    try:
        primary.prepare()
        let_replicate(primary)
        primary.start()
        primary.wait_ready()
        upgrade(make_url(primary.url))
        copy(primary, standby)
        standby.prepare()
        standby.start()
        standby.wait_ready()
        yield primary, standby
    finally:
        for server in (primary, standby):
            server.kill()
            server.remove()


def data_of(server):
    return home_of(server.folder, drop_to("postgres")) / "data"


def let_replicate(server):
    with (data_of(server) / "pg_hba.conf").open("a") as file:
        file.write("host replication all 127.0.0.1/32 scram-sha-256\n")


def copy(primary, standby):
    """Start a standby with the primary's data and passwords."""
    standby.folder.mkdir(parents=True)
    standby.folder.chmod(0o755)
    password = (primary.folder / "password").read_text()
    (standby.folder / "password").write_text(password)
    account = drop_to("postgres")
    data = data_of(standby)
    data.mkdir(mode=0o700)
    if account is not None:
        os.chown(data, account.uid, account.gid)
    source = make_url(primary.admin_url)
    address = (
        f"host=127.0.0.1 port={primary.port} user={source.username} password={source.password}"
    )
    subprocess.run(
        [
            programs_for(data_of(primary)) / "pg_basebackup",
            "-D",
            data,
            "-R",
            "-c",
            "fast",
            "-d",
            address,
        ],
        user=account.uid if account else None,
        group=account.gid if account else None,
        cwd=data,
        check=True,
    )


def processes_of(server):
    """Return the process ids of a server."""
    threads = Path(f"/proc/{server.pid}/task").iterdir()
    children = [child for thread in threads for child in (thread / "children").read_text().split()]
    return [server.pid, *map(int, children)]


@contextmanager
def frozen(server):
    """Stop a server from answering, without closing its connections."""
    ids = processes_of(server)
    for pid in ids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in ids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def promote(server):
    engine = create_engine(server.admin_url)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT pg_promote()")).scalar_one()
    engine.dispose()


def count(server):
    """Return how many calculations a server has."""
    engine = create_engine(server.url)
    try:
        with engine.begin() as connection:
            return connection.execute(text("SELECT count(*) FROM calculations")).scalar_one()
    finally:
        engine.dispose()


class Heard(Waiters):
    """Waiters whose event is set when the listener begins to listen."""

    def __init__(self, database):
        super().__init__(database)
        self.event = asyncio.Event()

    def mark_all_changed(self):
        self.event.set()


def address(servers, more=""):
    """Return the URL of several servers, in libpq's form."""
    url = make_url(servers[0].url)
    hosts = ",".join("127.0.0.1" for _ in servers)
    ports = ",".join(str(server.port) for server in servers)
    login = f"{url.username}:{url.password}"
    return f"{url.drivername}://{login}@/{url.database}?host={hosts}&port={ports}{more}"


async def follows(settings, primary, standby):
    """Fail over while all processes are connected."""
    numbers = iter(range(1_000_000, 2_000_000))
    pool = make_pool(settings, timeout_seconds=2)
    engine, autocommit = (
        make_engine(
            settings.sqlalchemy_url,
            connections=2,
            name="test",
            statement_seconds=1,
            is_autocommit=alone,
        )
        for alone in (False, True)
    )
    database = Database(pool, engine, autocommit, transactions=2, connections=2)
    waiting = Heard(database)

    def listen():
        return connect_to_listen(settings.sqlalchemy_url, CHANGED, name="listener")

    def one():
        return make_calculation(arguments={"n": next(numbers)})

    def insert(connection):
        return insert_queued(connection, [one()], "request")

    def writes():
        yield database.fetch(insert_new([New(one(), None, "request")]))
        yield database.run_transaction(insert)
        yield database.run_autocommit(insert)

    listening = asyncio.create_task(Listener(listen, database, waiting).run())
    await waiting.event.wait()
    waiting.event.clear()
    # Each pool has two connections, both of which are to the first server.
    await asyncio.gather(*writes(), *writes())
    await asyncio.to_thread(eventually, lambda: count(standby) == 6)
    with frozen(primary):
        for write in writes():
            with pytest.raises(StoreUnavailable):
                await write
        await asyncio.to_thread(promote, standby)
        for write in writes():
            await write
        assert await asyncio.to_thread(count, standby) == 9
        await asyncio.wait_for(waiting.event.wait(), 30)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await asyncio.to_thread(database.close)


@pytest.mark.slow
def test_all_follow_a_promoted_standby_while_the_first_server_is_silent(pair, monkeypatch):
    monkeypatch.setattr("shared.postgres.connections.GRACE_SECONDS", 1)
    monkeypatch.setattr("gateway.waiting.listener._SILENCE_SECONDS", 2.0)
    settings = load_settings(
        {
            "database_url": address(pair, "&target_session_attrs=read-write"),
            "broker_url": "amqp://127.0.0.1:1/%2F",
        }
    )
    asyncio.run(follows(settings, *pair))


@pytest.mark.slow
def test_of_several_servers_the_writable_one_is_found_and_then_tried_first(pair):
    primary, standby = pair
    servers = Servers(make_url(address((standby, primary))))
    assert [server.address["port"] for server in servers.in_order()] == [
        str(standby.port),
        str(primary.port),
    ]
    connection = servers.connect(name="test")
    assert connection.info.port == primary.port
    connection.close()
    assert servers.in_order()[0].address["port"] == str(primary.port)
    assert len(servers.in_order()) == 2
