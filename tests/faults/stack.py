"""A whole Reckoner of the tests' own, of which every process and every connection can fail."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from sqlalchemy import Engine, create_engine, make_url, text

from compose.services import Nginx, Postgres, process_table
from shared.calculation import Lane
from tests.children import is_limited
from tests.eventually import eventually
from tests.faults.functions import install_test_functions
from tests.faults.links import Link, Links
from tests.faults.programs import Program, Supervisor
from tests.faults.settings import SETTINGS
from tests.faults.transport import QuickToTell, Transport

_ROOT = Path(__file__).parents[2]
_MARK = "TESTED_STACK_OF_RECKONER"  # not RECKONER_…: children do not inherit those

#: Of each process, the module it runs.
PROGRAMS = {
    "gateway": "gateway",
    "relay": "gateway.relay",
    "quick": "workers quick",
    "heavy-1": "workers heavy",
    "heavy-2": "workers heavy",
}
HEAVY = ("heavy-1", "heavy-2")
WORKERS = ("quick", *HEAVY)


class Stack:
    """Gateway behind NGINX, relay, one quick and two heavy workers, and what they need.

    Every connection to PostgreSQL and RabbitMQ runs over a link of its kind.
    """

    def __init__(
        self,
        folder: Path,
        postgres: Postgres,
        rabbitmq: QuickToTell,
        ports: Sequence[int],
        **settings: object,
    ) -> None:
        self.folder = folder
        self.postgres = postgres
        self.rabbitmq = rabbitmq
        self.transport = Transport(rabbitmq)
        self.client = httpx.Client(timeout=30)
        self.database: Engine = create_engine(postgres.url, pool_pre_ping=True)
        self._mark = uuid4().hex
        self._gateway_address = f"127.0.0.1:{ports[0]}"
        self._nginx = Nginx(folder / "nginx", ports[1], self._gateway_address)
        self._links = Links()
        self.workers_database = self._links.make(postgres.port)
        self.workers_broker = self._links.make(rabbitmq.port)
        self.gateway_database = self._links.make(postgres.port)
        self.relay_database = self._links.make(postgres.port)
        self.relay_broker = self._links.make(rabbitmq.port)
        self.supervisor = Supervisor()
        self._settings = {**SETTINGS, **settings}
        #: What it takes to start the workers here, all at once.
        self.start_seconds = 0.0

    @property
    def url(self) -> str:
        return self._nginx.url

    @property
    def links(self) -> list[Link]:
        return self._links.all

    def program(self, name: str) -> Program:
        return self.supervisor.programs[name]

    def __enter__(self) -> Self:
        try:
            install_test_functions(self.folder / "functions")
            migrations = [sys.executable, "-m", "migrations", "upgrade"]
            subprocess.run(migrations, env=self._environment("relay"), cwd=_ROOT, check=True)
            for name, module in PROGRAMS.items():
                self.add(name, module)
            self._nginx.prepare()
            self._nginx.start()
            self.wait_ready()
            self._measure_a_start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.supervisor.close()
        self._nginx.stop()
        self._links.close()
        self.client.close()
        self.transport.close()
        self.database.dispose()

    def add(self, name: str, module: str) -> None:
        """Have one more process."""
        self.supervisor.add(Program(name, module, self._environment(name), self.folder))
        self.supervisor.start(name)

    def _measure_a_start(self) -> None:
        for name in WORKERS:
            self.supervisor.stop(name)
        began = time.monotonic()
        for name in WORKERS:
            self.supervisor.start(name)
        self.wait_ready()
        self.start_seconds = time.monotonic() - began

    def _environment(self, name: str) -> dict[str, str]:
        kind = PROGRAMS.get(name, name).partition(" ")[0]
        database, broker = {
            "workers": (self.workers_database, self.workers_broker),
            "gateway": (self.gateway_database, self.relay_broker),
        }.get(kind, (self.relay_database, self.relay_broker))
        address = make_url(self.postgres.url).set(port=database.port)
        node = urlsplit(self.rabbitmq.url)
        node = node._replace(netloc=node.netloc.replace(f":{node.port}", f":{broker.port}"))
        return {
            **os.environ,
            "PYTHONPATH": str(self.folder / "functions"),
            _MARK: self._mark,
            "RECKONER_DATABASE_URL": address.render_as_string(hide_password=False),
            "RECKONER_BROKER_URL": node.geturl(),
            "RECKONER_GATEWAY_BIND": self._gateway_address,
            **{f"RECKONER_{name.upper()}": str(value) for name, value in self._settings.items()},
        }

    def wait_ready(self, seconds: float = 60) -> None:
        """Return once the gateway answers and all workers there should be are registered."""
        eventually(self._is_ready, within_seconds=seconds, what=f"ready; logs in {self.folder}")

    def _is_ready(self) -> bool:
        try:
            system = self.client.get(f"{self.url}/system")
        except httpx.TransportError:
            return False
        if system.status_code != 200:
            return False
        seen = {worker["pid"] for worker in system.json()["workers"]}
        programs = self.supervisor.programs.values()
        wanted = {pid for p in programs if p.is_wanted for pid in p.worker_pids}
        return wanted <= seen and all(p.is_running for p in programs if p.is_wanted)

    def scalar(self, query: str, **values: object) -> Any:
        with self.database.begin() as connection:
            return connection.execute(text(query), values).scalar_one()

    def rows(self, query: str, **values: object) -> Sequence[Any]:
        with self.database.begin() as connection:
            return connection.execute(text(query), values).all()

    def execute(self, statement: str, **values: object) -> int:
        with self.database.begin() as connection:
            return connection.execute(text(statement), values).rowcount

    def in_flight(self) -> dict[Lane, int]:
        """Count the accepted calculations that are not final."""
        rows = self.rows(
            "SELECT lane, count(*) FROM calculations WHERE status IN ('queued', 'running') "
            "GROUP BY lane"
        )
        return dict.fromkeys(Lane, 0) | {Lane(lane): count for lane, count in rows}

    def children(self, name: str) -> list[int]:
        """Return the ids of the calculating children of a worker."""
        workers = self.program(name).worker_pids
        return [
            entry.pid
            for entry in self._children()
            if entry.parent in workers and is_limited(entry.pid)
        ]

    def strays(self) -> list[int]:
        """Return processes of this stack that no worker, alive or being replaced, answers for."""
        programs = [p for p in self.supervisor.programs.values() if p.is_running]
        parents = {pid for p in programs for pid in p.worker_pids}
        return [entry.pid for entry in self._children() if entry.parent not in parents]

    def _children(self) -> list[process_table.Entry]:
        found = []
        for entry in process_table.with_environment(_MARK, self._mark):
            try:
                command = Path(f"/proc/{entry.pid}/cmdline").read_bytes()
            except OSError:
                continue
            if b"workers.sandbox." in command:  # a template, its forks, and fresh interpreters
                found.append(entry)
        return found
