"""A peer or Reckoner, running, as the throughput suite sees it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import httpx
import redis
from sqlalchemy import Engine, create_engine, make_url

from compose.services import free_port
from compose.services.ports import answers
from tests.benchmarks.peers import lineup, table, work
from tests.benchmarks.peers.work import Work
from tests.benchmarks.programs import ROOT, Programs, cpu_seconds
from tests.benchmarks.servers import Servers
from tests.eventually import eventually

_SUBMISSION_SECONDS = 180


class Contender(Protocol):
    """What the suite needs of a contender."""

    def submit(self, works: Sequence[Work]) -> dict[str, float]:
        """Submit them all, in a process of its own; return when it began and its processor time."""

    def is_finished(self, count: int) -> bool:
        """Return whether that many calculations are stored and none is left."""

    def stored_results(self, keys: Sequence[int]) -> dict[int, str]:
        """Return the results of finished calculations by their `k`."""

    def stored_count(self) -> int:
        """Return how many finished calculations are stored."""

    def is_drained(self) -> bool:
        """Return whether all messages are acknowledged."""

    def cpu_seconds(self) -> Mapping[str, float]:
        """Return the processor time of each of its programs and servers so far."""


class RunningPeer:
    """A peer with its processes on an empty database, an empty virtual host, an empty Redis."""

    def __init__(self, peer: lineup.Peer, servers: Servers, database: str, broker: str) -> None:
        self._peer = peer
        self._servers = servers
        self._broker = broker
        self._redis = servers.start_redis() if peer.needs_redis else ""
        self.folder = servers.folder / f"{peer.name}-{free_port()}"
        self.folder.mkdir()
        self.programs = Programs(self.folder)
        self.database: Engine = create_engine(database)
        self.environment = {
            "BENCHMARK_SQLALCHEMY_URL": database,
            "BENCHMARK_DATABASE_URL": make_url(database)
            .set(drivername="postgresql")
            .render_as_string(hide_password=False),
            "BENCHMARK_BROKER_URL": broker,
            "BENCHMARK_REDIS_URL": self._redis,
        }

    def start(self) -> None:
        """Make the table, empty Redis, and start the processes."""
        with self.database.begin() as connection:
            connection.exec_driver_sql(table.CREATE)
        if self._redis:
            redis.Redis.from_url(self._redis).flushall()
        if self._peer.name == "with_procrastinate":
            app = "tests.benchmarks.peers.with_procrastinate.app"
            run_python(["-m", "procrastinate", "--app", app, "schema", "--apply"], self.environment)
        for name, arguments in self._peer.programs.items():
            self.programs.start_python(name, *arguments, environment=self.environment)
        port = self._peer.http_port
        if port is not None:
            eventually(lambda: answers(port, "127.0.0.1"), what="gunicorn")

    def stop(self) -> None:
        """Stop the processes."""
        self.programs.stop()
        self.database.dispose()

    def submit(self, works: Sequence[Work]) -> dict[str, float]:
        path = self.folder / "works"
        if self._peer.http_port is None:
            work.write(works, path)
        else:
            path.write_text("".join(f"{json.dumps(one._asdict())}\n" for one in works))
        return submission(self._peer.submission(path), self.environment)

    def is_finished(self, count: int) -> bool:
        self.programs.check()
        if not self._peer.inserts_first:
            return self.stored_count() == count
        return not self.scalar(table.ANY_UNFINISHED)

    def stored_count(self) -> int:
        return int(self.scalar("SELECT count(*) FROM calculations WHERE status = 'succeeded'"))

    def stored_results(self, keys: Sequence[int]) -> dict[int, str]:
        with self.database.begin() as connection:
            found = connection.exec_driver_sql(
                "SELECT k, digits FROM calculations WHERE k = ANY (%s)", (list(keys),)
            )
            return {row.k: row.digits for row in found}

    def is_drained(self) -> bool:
        if self._peer.name == "with_procrastinate":
            todo = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
            return bool(self.scalar(todo) == 0)
        if self._redis:
            client = redis.Redis.from_url(self._redis)
            return bool(client.llen("celery") == 0 and client.hlen("unacked") == 0)
        return queues_are_empty(self._servers, self._broker)

    def cpu_seconds(self) -> dict[str, float]:
        pids = {name: process.pid for name, process in self.programs.processes.items()}
        return {name: cpu_seconds(pid) for name, pid in (pids | self._servers.pids()).items()}

    def scalar(self, query: str) -> Any:
        """Query its database."""
        with self.database.begin() as connection:
            return connection.exec_driver_sql(query).scalar_one()


@contextmanager
def running(
    servers: Servers, peer: lineup.Peer, kind: type[RunningPeer] = RunningPeer
) -> Iterator[RunningPeer]:
    """Run a peer for a while."""
    with servers.fresh_database() as database, servers.fresh_virtual_host() as broker:
        contender = kind(peer, servers, database, broker)
        try:
            contender.start()
            yield contender
        finally:
            contender.stop()


def run_python(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Run this Python to its end; return what it printed. Raises RuntimeError if it fails."""
    done = subprocess.run(
        ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, *arguments],
        env={**os.environ, **(environment or {})},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_SUBMISSION_SECONDS,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stderr[-3_000:]}")
    return done.stdout


def submission(
    arguments: Sequence[str], environment: Mapping[str, str] | None = None
) -> dict[str, float]:
    """Run a program that submits; return the report that it prints."""
    report: dict[str, float] = json.loads(run_python(arguments, environment))
    return report


def queues_are_empty(servers: Servers, broker_url: str) -> bool:
    """Return whether no queue of a virtual host has messages, also none that wait for their ack."""
    node = servers.rabbitmq
    name = broker_url.rpartition("/")[2]
    with httpx.Client(auth=node.manager, timeout=30) as client:
        queues = client.get(f"{node.management_url}/api/queues/{name}").raise_for_status().json()
    return bool(queues) and all(queue.get("messages") == 0 for queue in queues)
