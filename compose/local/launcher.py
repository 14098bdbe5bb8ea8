"""All of Reckoner on this machine: what is started and stopped, and in which order."""

import os
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from compose.local.log_view import LogView
from compose.local.settings import PREFIX, Access, LocalSettings
from compose.local.state_folder import PROJECT
from compose.local.stop_signals import StopSignals
from compose.local.supervisor import Program, Supervisor
from compose.services import Nginx, Postgres, RabbitMQ
from compose.services.credentials import APP, KEYS, OWNER
from compose.services.errors import NotReady
from compose.services.ports import http_status
from compose.services.processes import TERMINATE, Process, StopPlan

_READY_SECONDS = 120.0
# Makes the key of a file unless it was made before.
_CREATE_KEY = ("reckoner.cli", "key", "create", "operator", "--scope", "read,submit,cancel,operate")

# NGINX has stopped by then, so there is no request left to wait for.
_GATEWAY_STOP: StopPlan = ((signal.SIGTERM, 5.0),)
# Time to hand work back and to commit what is in memory.
_WORKER_STOP: StopPlan = ((signal.SIGTERM, 20.0),)


class Launcher:
    """The services and Reckoner's own processes, with their state below the folder `state`."""

    def __init__(
        self,
        settings: LocalSettings,
        access: Access,
        state: Path,
        view: LogView,
        signals: StopSignals,
    ) -> None:
        self._settings = settings
        self._access = access
        self.state = state
        #: Holds the key that it makes if keys are on, unless that fails.
        self.operator_key = state / "operator-key"
        self.has_operator_key = False
        self._view = view
        self._signals = signals
        self._supervisor = Supervisor(view.show, signals.stopping)
        self.postgres = Postgres(
            state / "postgres",
            settings.postgres_port,
            output=view.pipe_for("postgres"),
            show=view.show,
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
        self._migrations = self._python("migrations", ["migrations", "upgrade"], role=OWNER)
        self._key_creation = self._python(
            "key",
            [*_CREATE_KEY, "--file", str(self.operator_key)],
            role=KEYS,
        )
        self._gateway = self._python("gateway", ["gateway"], _GATEWAY_STOP)
        self._relay = self._python("relay", ["gateway.relay"])
        self._workers = [
            self._python(name, ["workers", lane], _WORKER_STOP)
            for lane, count in (("quick", settings.quick), ("heavy", settings.heavy))
            for name in _numbered(lane, count)
        ]

    def prepare(self) -> None:
        """Create folders, data and configuration; start nothing but one-time set-up."""
        (self.state / "processes").mkdir(exist_ok=True)
        self.postgres.prepare()
        self.rabbitmq.prepare()
        self.nginx.prepare()
        self._write_environment()

    def start(self) -> None:
        """Start each program as soon as what it needs is ready; return when all are ready.

        Raises `NotReady`, and `StopRequested` if the user requests a stop first.
        """
        supervisor = self._supervisor
        supervisor.start(self.postgres)
        supervisor.start(self.rabbitmq)
        supervisor.wait_for(self.postgres, self.postgres.ready, _READY_SECONDS)
        self.postgres.make_roles()
        self._run(self._migrations, "The database schema could not be upgraded.")
        if self._access.are_keys_on:
            self.make_operator_key(self._key_creation)
        supervisor.start(self._gateway)
        supervisor.start(self.nginx)
        supervisor.wait_for(self.nginx, self.nginx.ready, _READY_SECONDS)
        # Relay and workers would log a failed connection every second until then.
        supervisor.wait_for(self.rabbitmq, self.rabbitmq.ready, _READY_SECONDS)
        supervisor.start(self._relay)
        for worker in self._workers:
            supervisor.start(worker)
        supervisor.wait_for(self._gateway, self._is_ready, _READY_SECONDS)

    def make_operator_key(self, creation: Process) -> None:
        """Run the process that makes the key, unless it was made before.

        If it fails, such as where the file is gone and the key is not, the rest starts all the
        same: there may be other keys, and a key can be revoked only while PostgreSQL runs.
        """
        try:
            self._run(creation, "The operator's key could not be made.")
        except NotReady as error:
            self._view.show(f"{error} Reckoner starts without it.")
        else:
            self.has_operator_key = True

    def run(self) -> None:
        """Keep everything running until the user requests a stop."""
        self._supervisor.run()

    def stop(self) -> None:
        """Stop everything, each before what it needs."""
        groups: list[Sequence[Program]] = [
            [self.nginx],
            [self._gateway],
            [self._relay, *self._workers],
            [self.rabbitmq],
            [self._migrations, self._key_creation, self.postgres],
        ]
        self._supervisor.stop(groups, self._signals.hurry)

    def _python(
        self, name: str, module: list[str], stop_plan: StopPlan = TERMINATE, role: str = APP
    ) -> Process:
        """Return one of Reckoner's own processes, not yet started, with its role in PostgreSQL."""
        variables = self._variables(role)
        # A setting and its file contradict each other.
        given = {key.removesuffix("_FILE") for key in variables}
        own = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(PREFIX) and key.removesuffix("_FILE") not in given
        }
        return Process(
            name,
            [sys.executable, "-m", *module],
            environment={
                **own,
                "PYTHONUNBUFFERED": "1",
                **self._view.environment(),
                **variables,
            },
            folder=PROJECT,
            record=self.state / "processes" / f"{name}.process",
            log=self.state / f"{name}.log",
            output=self._view.pipe_for(name),
            stop_plan=stop_plan,
        )

    def _variables(self, role: str) -> dict[str, str]:
        # Passwords by files: a process's environment can be read by others of the same user.
        return {
            "RECKONER_ENV": "development",
            "RECKONER_DATABASE_URL": self.postgres.address(role),
            "RECKONER_DATABASE_PASSWORD_FILE": str(self.postgres.password_file(role)),
            "RECKONER_BROKER_URL": self.rabbitmq.address,
            "RECKONER_BROKER_PASSWORD_FILE": str(self.rabbitmq.password_file),
            "RECKONER_GATEWAY_BIND": self._settings.gateway,
            "RECKONER_ADDRESS": self._settings.host,
            "RECKONER_KEYS": "on" if self._access.are_keys_on else "off",
            "RECKONER_ALLOWED_HOSTS": self._access.allowed_hosts,
        }

    def _write_environment(self) -> None:
        """Write the settings for `make worker`, and those for `reckoner key`."""
        for name, role in (("reckoner.env", APP), ("keys.env", KEYS)):
            file = self.state / name
            file.touch(mode=0o600)
            lines = [f"{key}={shlex.quote(text)}\n" for key, text in self._variables(role).items()]
            file.write_text("".join(lines))

    def _run(self, process: Process, failure: str) -> None:
        """Run a process to its end; raise `NotReady` with this sentence if it fails."""
        process.start()
        while process.running:
            self._supervisor.tick()
        if process.exit_status != 0:
            raise NotReady(failure, "See the log lines above.")
        process.stop()

    def _is_ready(self) -> bool:
        """Return whether the service is ready, asked through NGINX."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.nginx.host, self.nginx.host)  # noqa: S104
        return http_status(self.nginx.port, "/health/ready", host=host) == 200


def _numbered(lane: str, count: int) -> list[str]:
    """Return a name for each worker of a lane."""
    return [lane] if count == 1 else [f"{lane}-{number}" for number in range(1, count + 1)]
