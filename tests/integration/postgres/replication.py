"""A primary and its standby, for tests of what happens when the primary is lost."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, make_url, text

from compose.services import Postgres, free_port
from compose.services.postgres_data import home_of, programs_for
from compose.services.programs import drop_to
from migrations.schema import upgrade


@contextmanager
def replicated(state_folder: Path) -> Iterator[tuple[Postgres, Postgres]]:
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


def address(servers, more=""):
    """Return the URL of several servers, in libpq's form."""
    url = make_url(servers[0].url)
    hosts = ",".join("127.0.0.1" for _ in servers)
    ports = ",".join(str(server.port) for server in servers)
    login = f"{url.username}:{url.password}"
    return f"{url.drivername}://{login}@/{url.database}?host={hosts}&port={ports}{more}"
