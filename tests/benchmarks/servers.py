"""PostgreSQL, RabbitMQ and Redis of the benchmarks' own; contenders share them, one at a time."""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from sqlalchemy import create_engine, make_url, text

from compose.rabbitmq.definitions import USER
from compose.services import Postgres, RabbitMQ, free_port
from compose.services.ports import answers
from tests.benchmarks.programs import Programs
from tests.eventually import eventually

_numbers = itertools.count()


class Servers:
    """What all contenders run on, with the configuration that `make up` has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postgres = Postgres(folder / "postgres", free_port())
        self.rabbitmq = RabbitMQ(
            folder / "rabbitmq",
            free_port(),
            free_port(),
            epmd_port=free_port(),
            distribution_port=free_port(),
        )
        self.redis_port = free_port()
        self._programs = Programs(folder)

    def start(self) -> None:
        """Start PostgreSQL and RabbitMQ."""
        for server in (self.postgres, self.rabbitmq):
            server.prepare()
            server.start()
        self.postgres.wait_ready()
        self.rabbitmq.wait_ready()

    def start_redis(self) -> str:
        """Start Redis, as its package configures it, if it does not run; return its URL.

        It is as durable as Celery's users run it: snapshots, no append-only file.
        """
        if "redis" not in self._programs.processes:
            where = ("--dir", str(self.folder), "--bind", "127.0.0.1")
            self._programs.start("redis", ["redis-server", "--port", str(self.redis_port), *where])
            eventually(lambda: answers(self.redis_port, "127.0.0.1"), what="Redis")
        return f"redis://127.0.0.1:{self.redis_port}"

    def stop(self) -> None:
        """Stop everything."""
        self._programs.stop()
        for server in (self.postgres, self.rabbitmq):
            server.kill()

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """Yield the URL (of SQLAlchemy, with psycopg2) of an empty database."""
        name = f"benchmark_{next(_numbers)}"
        url = make_url(self.postgres.url).set(database=name)
        # A CHECKPOINT is the superuser's to make.
        admin = create_engine(self.postgres.admin_url, isolation_level="AUTOCOMMIT")
        try:
            with admin.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {name} OWNER {url.username}"))
            yield url.render_as_string(hide_password=False)
            with admin.connect() as connection:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
                connection.execute(text("CHECKPOINT"))
        finally:
            admin.dispose()

    @contextmanager
    def fresh_virtual_host(self) -> Iterator[str]:
        """Yield the URL of RabbitMQ with no queues."""
        name = f"benchmark-{next(_numbers)}"
        node = self.rabbitmq
        address = f"{node.management_url}/api/vhosts/{name}"
        with httpx.Client(auth=node.manager, timeout=30) as client:
            client.put(address).raise_for_status()
            client.put(
                f"{node.management_url}/api/permissions/{name}/{USER}",
                json={"configure": ".*", "write": ".*", "read": ".*"},
            ).raise_for_status()
            yield node.url.removesuffix("/%2F") + f"/{name}"
            client.delete(address).raise_for_status()

    def pids(self) -> dict[str, int]:
        """Return the main process of each server, for measuring."""
        found = {"postgres": self.postgres.pid, "rabbitmq": self.rabbitmq.pid}
        found |= {name: process.pid for name, process in self._programs.processes.items()}
        return {name: pid for name, pid in found.items() if pid is not None}


@contextmanager
def started() -> Iterator[Servers]:
    """Have the servers for a while; their data is deleted afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="reckoner-benchmarks-"))
    folder.chmod(0o755)  # PostgreSQL's own user has to get in
    servers = Servers(folder)
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)
