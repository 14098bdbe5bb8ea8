"""All of Reckoner on this machine: what is started, in which order, and stopped in which."""

import os
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from compose.local.log_view import LogView
from compose.local.settings import PREFIX, LocalSettings
from compose.local.state_folder import PROJECT
from compose.local.stop_signals import StopSignals
from compose.local.supervisor import Program, Supervisor
from compose.services import Nginx, Postgres, RabbitMQ
from compose.services.errors import NotReady
from compose.services.probes import http_status
from compose.services.processes import TERMINATE, Process, StopPlan

_READY_SECONDS = 120.0

# NGINX has stopped by then, so there is no request left to wait for.
_GATEWAY_STOP: StopPlan = ((signal.SIGTERM, 5.0),)
# Handing work back and committing what is in memory takes a moment.
_WORKER_STOP: StopPlan = ((signal.SIGTERM, 20.0),)


class Launcher:
    """Reckoner's services and its own processes, with their state below the folder `state`."""

    def __init__(
        self, settings: LocalSettings, state: Path, view: LogView, signals: StopSignals
    ) -> None:
        self._settings = settings
        self._state = state
        self._view = view
        self._signals = signals
        self._supervisor = Supervisor(view.say, signals.stopping)
        self.postgres = Postgres(
            state / "postgres",
            settings.postgres_port,
            output=view.pipe_for("postgres"),
            say=view.say,
        )
        self.rabbitmq = RabbitMQ(
            state / "rabbitmq",
            settings.amqp_port,
            settings.management_port,
            epmd_port=settings.epmd_port,
            distribution_port=settings.distribution_port,
            output=view.pipe_for("rabbitmq"),
        )
        self.nginx = Nginx(
            state / "nginx",
            settings.port,
            settings.gateway,
            host=settings.host,
            output=view.pipe_for("nginx"),
        )
        self._migrations = self._python("migrations", ["migrations", "upgrade"])
        self._gateway = self._python("gateway", ["gateway"], _GATEWAY_STOP)
        self._relay = self._python("relay", ["gateway.relay"])
        self._workers = [
            self._python(name, ["workers", lane], _WORKER_STOP)
            for lane, count in (("quick", settings.quick), ("heavy", settings.heavy))
            for name in _numbered(lane, count)
        ]

    def prepare(self) -> None:
        """Create what has to be there before a start; start nothing."""
        (self._state / "processes").mkdir(exist_ok=True)
        self.postgres.prepare()
        self.rabbitmq.prepare()
        self.nginx.prepare()
        self._write_environment()

    def start(self) -> None:
        """Start everything, each as soon as what it needs is ready; return when all of it is.

        Raises `NotReady`, and `StopRequested` if the user wants an end first.
        """
        supervisor = self._supervisor
        supervisor.start(self.postgres)
        supervisor.start(self.rabbitmq)
        supervisor.wait_for(self.postgres, self.postgres.ready, _READY_SECONDS)
        self._migrate()
        supervisor.start(self._gateway)
        supervisor.start(self.nginx)
        supervisor.wait_for(self.nginx, self.nginx.ready, _READY_SECONDS)
        # Before those who would log a failed connection every second until then.
        supervisor.wait_for(self.rabbitmq, self.rabbitmq.ready, _READY_SECONDS)
        supervisor.start(self._relay)
        for worker in self._workers:
            supervisor.start(worker)
        supervisor.wait_for(self._gateway, self._answers, _READY_SECONDS)

    def run(self) -> None:
        """Keep everything running until the user wants an end."""
        self._supervisor.run()

    def stop(self) -> None:
        """Stop everything, so that nothing misses what it needs before it has stopped itself."""
        groups: list[Sequence[Program]] = [
            [self.nginx],
            [self._gateway],
            [self._relay, *self._workers],
            [self.rabbitmq],
            [self._migrations, self.postgres],
        ]
        self._supervisor.stop(groups, self._signals.hurry)

    def _python(self, name: str, module: list[str], stop_plan: StopPlan = TERMINATE) -> Process:
        """Describe a process of Reckoner's own."""
        variables = self._variables()
        given = {f"{key}_FILE" for key in variables}
        own = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(PREFIX) and key not in given
        }
        return Process(
            name,
            [sys.executable, "-m", *module],
            environment={**own, "PYTHONUNBUFFERED": "1", **variables},
            folder=PROJECT,
            record=self._state / "processes" / f"{name}.process",
            log=self._state / f"{name}.log",
            output=self._view.pipe_for(name),
            stop_plan=stop_plan,
        )

    def _variables(self) -> dict[str, str]:
        return {
            "RECKONER_ENV": "development",
            "RECKONER_DATABASE_URL": self.postgres.url,
            "RECKONER_BROKER_URL": self.rabbitmq.url,
            "RECKONER_GATEWAY_BIND": self._settings.gateway,
        }

    def _write_environment(self) -> None:
        """Write what `make worker` gives to a further worker."""
        file = self._state / "reckoner.env"
        file.touch(mode=0o600)
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in self._variables().items()]
        file.write_text("".join(lines))

    def _migrate(self) -> None:
        """Bring the database's schema up to date."""
        self._migrations.start()
        while self._migrations.running:
            self._supervisor.tick()
        if self._migrations.exit_status != 0:
            raise NotReady(
                "The database's schema could not be brought up to date.", "The lines above say why."
            )
        self._migrations.stop()

    def _answers(self) -> bool:
        """Tell whether the service is ready, as NGINX passes it on."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.nginx.host, self.nginx.host)  # noqa: S104
        return http_status(self.nginx.port, "/health/ready", host=host) == 200


def _numbered(lane: str, count: int) -> list[str]:
    """Return a name for each worker of a lane."""
    return [lane] if count == 1 else [f"{lane}-{number}" for number in range(1, count + 1)]
