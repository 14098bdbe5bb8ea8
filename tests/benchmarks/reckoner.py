"""Reckoner itself as a contender: all its processes behind NGINX, with its default settings."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
from sqlalchemy import Engine, create_engine

from compose.services import Nginx, free_port, process_table
from tests.benchmarks.programs import ROOT, Programs, cpu_seconds
from tests.benchmarks.servers import Servers
from tests.eventually import eventually


class Reckoner:
    """A running Reckoner. `database` is for queries of what it stored."""

    def __init__(
        self,
        servers: Servers,
        database_url: str,
        broker_url: str,
        workers: Mapping[str, int],
        settings: Mapping[str, Any],
        environment: Mapping[str, str],
    ) -> None:
        self.servers = servers
        self.database: Engine = create_engine(database_url)
        self.broker_url = broker_url
        self.folder = servers.folder / f"reckoner-{free_port()}"
        self.folder.mkdir()
        self.programs = Programs(self.folder)
        self.gateway = f"127.0.0.1:{free_port()}"
        self.nginx = Nginx(self.folder / "nginx", free_port(), self.gateway)
        self._workers = workers
        self._environment = {
            **{name: value for name, value in os.environ.items() if "RECKONER" not in name},
            "RECKONER_DATABASE_URL": database_url,
            "RECKONER_BROKER_URL": broker_url,
            "RECKONER_GATEWAY_BIND": self.gateway,
            **{f"RECKONER_{name.upper()}": str(value) for name, value in settings.items()},
            **environment,
        }

    @property
    def url(self) -> str:
        """The address of its NGINX."""
        return self.nginx.url

    def start(self) -> None:
        """Start all of it and wait until it is ready."""
        migrate = [sys.executable, "-m", "migrations", "upgrade"]
        subprocess.run(migrate, env=self._environment, cwd=ROOT, check=True, capture_output=True)
        self._start("gateway", "gateway")
        self._start("relay", "gateway.relay")
        for lane, count in self._workers.items():
            for number in range(count):
                self.add_worker(lane, number)
        self.nginx.prepare()
        self.nginx.start()
        eventually(self._is_ready, within_seconds=60, what=f"ready; logs in {self.folder}")

    def add_worker(self, lane: str, number: int) -> None:
        """Start one more worker of a lane."""
        self._start(f"{lane}-{number}", f"workers {lane}")

    def add_gateway(self, name: str, **settings: Any) -> str:
        """Start one more gateway, with settings of its own; return its host and port."""
        address = f"127.0.0.1:{free_port()}"
        own = {"gateway_bind": address, **settings}
        self._start(name, "gateway", {f"RECKONER_{one.upper()}": own[one] for one in own})
        return address

    def _start(self, name: str, module: str, settings: Mapping[str, str] | None = None) -> None:
        environment = self._environment | dict(settings or {})
        self.programs.start_python(name, "-m", *module.split(), environment=environment)

    def _is_ready(self) -> bool:
        self.programs.check()
        try:
            system = httpx.get(f"{self.url}/system")
        except httpx.TransportError:
            return False
        return system.status_code == 200 and len(system.json()["workers"]) == sum(
            self._workers.values()
        )

    def stop(self) -> None:
        """Stop all of it."""
        self.programs.stop()
        self.nginx.stop()
        self.database.dispose()

    def gateway_processes(self) -> list[int]:
        """Return the processes that answer requests, without the one that supervises them."""
        master = self.programs.processes["gateway"].pid
        return [entry.pid for entry in process_table.living() if entry.parent == master]

    def scalar(self, query: str) -> Any:
        """Query its database."""
        with self.database.begin() as connection:
            return connection.exec_driver_sql(query).scalar_one()

    def cpu_seconds(self) -> dict[str, float]:
        """Return the processor time so far of each program and server."""
        pids = {name: process.pid for name, process in self.programs.processes.items()}
        assert self.nginx.pid is not None
        pids |= {"nginx": self.nginx.pid, **self.servers.pids()}
        return {name: cpu_seconds(pid) for name, pid in pids.items()}


@contextmanager
def reckoner(
    servers: Servers,
    *,
    quick: int = 1,
    heavy: int = 0,
    environment: Mapping[str, str] | None = None,
    **settings: Any,
) -> Iterator[Reckoner]:
    """Run Reckoner on an empty database and an empty virtual host.

    Its processes get `environment` in addition to their settings.
    """
    with servers.fresh_database() as database, servers.fresh_virtual_host() as broker:
        workers = {lane: count for lane, count in (("quick", quick), ("heavy", heavy)) if count}
        running = Reckoner(servers, database, broker, workers, settings, environment or {})
        try:
            running.start()
            yield running
        finally:
            running.stop()
