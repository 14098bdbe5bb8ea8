"""What bounds the throughput: each of the parts alone, as fast as these servers allow.

Dramatiq with an actor that does nothing, PostgreSQL with INSERTs of rows like Reckoner's, and
RabbitMQ with persistent messages into a quorum queue, confirmed in batches.
"""

import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pika
from sqlalchemy import make_url

from compose.services.postgres_data import programs_for
from tests.benchmarks.figures import Effort, interleaved
from tests.benchmarks.peers import lineup
from tests.benchmarks.peers.contenders import run_python
from tests.benchmarks.peers.publishing import published_per_second
from tests.benchmarks.programs import ROOT, Programs
from tests.benchmarks.servers import Servers
from tests.eventually import eventually

_EMPTY_MESSAGES = 40_000
_POLL_SECONDS = 0.02

#: Of the queue's length when the clock starts: the workers have all begun by then.
_WARM_SHARE = 0.8

#: A row as the gateway inserts it, one per transaction.
_INSERT = """\
\\set n random(0, 5000)
INSERT INTO calculations (id, function, version, arguments, status, lane,
    estimate_seconds, estimate_digits, estimate_bytes, request_id)
VALUES (gen_random_uuid(), 'fibonacci', 1, jsonb_build_object('n', CAST(:n AS integer)), 'queued',
    'quick', 0.00001, 1045, 30000000, '5f0c1b6e2d7a4c3f9be8a1d2c3e4f506');
"""


def run(servers: Servers, effort: Effort) -> dict[str, Any]:
    """Measure each limit per second."""

    def dramatiq() -> float:
        return _told("Dramatiq, empty actor", _dramatiq(servers, effort.count(_EMPTY_MESSAGES)))

    def postgres() -> float:
        return _told("PostgreSQL, inserts by pgbench", _postgres(servers, effort.seconds))

    def rabbitmq() -> float:
        with servers.fresh_virtual_host() as broker:
            rate = published_per_second(broker, effort.seconds)
        return _told("RabbitMQ, confirmed publishing", rate)

    return interleaved(
        {
            "dramatiq_empty_messages_per_second": dramatiq,
            "postgres_inserts_per_second": postgres,
            "rabbitmq_confirmed_publishes_per_second": rabbitmq,
        },
        effort.rounds,
    )


def _told(what: str, rate: float) -> float:
    print(f"limits: {what}: {rate:,.0f}/s", flush=True)
    return rate


def _dramatiq(servers: Servers, count: int) -> float:
    """Return messages consumed per second, from a queue that was filled beforehand."""
    peer = lineup.bare_dramatiq()
    with servers.fresh_virtual_host() as broker:
        environment = {"BENCHMARK_BROKER_URL": broker}
        fill = (
            "from tests.benchmarks.peers.bare_dramatiq import broker, nothing\n"
            f"for _ in range({count}): broker.enqueue(nothing.message())"
        )
        run_python(["-c", fill], environment)
        connection = pika.BlockingConnection(pika.URLParameters(broker))
        channel = connection.channel()

        def waiting() -> int:
            declared = channel.queue_declare("default", passive=True)
            return int(declared.method.message_count)

        eventually(lambda: waiting() == count, what="all of the messages in the queue")
        programs = Programs(servers.folder)
        try:
            for name, arguments in peer.programs.items():
                programs.start_python(name, *arguments, environment=environment)
            began, first = _when_at_most(waiting, int(count * _WARM_SHARE))
            ended, last = _when_at_most(waiting, 0)
        finally:
            programs.stop()
            connection.close()
    return (first - last) / (ended - began)


def _when_at_most(waiting: Any, length: int) -> tuple[float, int]:
    """Poll until no more messages wait than that; return the time, and how many wait."""
    deadline = time.monotonic() + 120
    while (found := waiting()) > length:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{found} messages are left")
        time.sleep(_POLL_SECONDS)
    return time.monotonic(), found


def _postgres(servers: Servers, seconds: float) -> float:
    """Return transactions per second of 8 clients that insert a row each."""
    script = servers.folder / "insert.sql"
    script.write_text(_INSERT)
    with servers.fresh_database() as database:
        migrate = {"RECKONER_DATABASE_URL": database, "RECKONER_BROKER_URL": "amqp://nowhere"}
        run_python(["-m", "migrations", "upgrade"], migrate)
        return _pgbench(programs_for(servers.postgres.folder), database, script, seconds)


def _pgbench(programs: Path, database: str, script: Path, seconds: float) -> float:
    url = make_url(database)
    size = ["--client=8", "--jobs=2", f"--time={max(1, round(seconds))}"]
    how = ["--no-vacuum", "--protocol=prepared", f"--file={script}"]
    where = ["--host", str(url.host), "--port", str(url.port), "--username", str(url.username)]
    done = subprocess.run(
        [programs / "pgbench", *size, *how, *where, str(url.database)],
        env={**os.environ, "PGPASSWORD": str(url.password)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=seconds + 60,
    )
    found = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
    if done.returncode != 0 or found is None:
        raise RuntimeError(f"pgbench failed: {done.stderr}")
    return float(found[1])
